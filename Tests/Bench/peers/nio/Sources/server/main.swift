// The work of the bench on SwiftNIO, as its users write a server: a bootstrap and a channel handler
// for each connection, on one event loop.
//
//     server close|keep|big|udp PORT

import NIOCore
import NIOPosix

let requestSize = 64

/// Thanks for whatever comes, and closes.
final class CloseHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let thanks = context.channel.allocator.buffer(string: "thank you !")
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(thanks)).whenComplete { _ in channel.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// Answers each request of 64 bytes; those that came together in one flush.
final class KeepHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let reply: ByteBuffer
  private var partial = 0

  init(reply: ByteBuffer) { self.reply = reply }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = partial + unwrapInboundIn(data).readableBytes
    partial = bytes % requestSize
    for _ in 0..<(bytes / requestSize) { context.write(wrapOutboundOut(reply), promise: nil) }
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// Thanks for each datagram.
final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  private let reply = ByteBuffer(string: "thank you !")

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let peer = unwrapInboundIn(data).remoteAddress
    let envelope = AddressedEnvelope(remoteAddress: peer, data: reply)
    context.write(wrapOutboundOut(envelope), promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
}

let arguments = CommandLine.arguments
guard arguments.count == 3, let port = Int(arguments[2]) else {
  fatalError("usage: server close|keep|big|udp PORT")
}
let work = arguments[1]
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let channel: any Channel
if work == "udp" {
  channel = try DatagramBootstrap(group: group)
    .channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(DatagramHandler())
      }
    }
    .bind(host: "127.0.0.1", port: port).wait()
} else {
  let reply =
    work == "big"
    ? ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20) : ByteBuffer(string: "thank you !")
  channel = try ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        if work == "close" {
          try channel.pipeline.syncOperations.addHandler(CloseHandler())
        } else {
          try channel.pipeline.syncOperations.addHandler(KeepHandler(reply: reply))
        }
      }
    }
    .bind(host: "127.0.0.1", port: port).wait()
}
try channel.closeFuture.wait()
