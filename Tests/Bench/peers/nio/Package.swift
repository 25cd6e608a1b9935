// swift-tools-version: 6.3
// The bench's server on SwiftNIO: a package of its own, so that Portico depends on no part of it.

import PackageDescription

let package = Package(
  name: "server",
  dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.2")],
  targets: [
    .executableTarget(
      name: "server",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ])
  ])
