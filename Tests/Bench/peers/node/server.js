// The work of the bench in Node, as its users write a server: events of sockets.
//
//     node server.js close|keep|big|udp PORT
'use strict';
const dgram = require('node:dgram');
const net = require('node:net');

const [work, port] = process.argv.slice(2);
const thanks = Buffer.from('thank you !');
const request = 64;

function thankAndClose(socket) {
  socket.once('data', () => socket.end(thanks));
  socket.on('error', () => socket.destroy());
}

// Answers each request of 64 bytes; those that came together in one write.
function keep(reply) {
  return (socket) => {
    let partial = 0;
    socket.on('data', (data) => {
      const bytes = partial + data.length;
      const requests = Math.floor(bytes / request);
      partial = bytes % request;
      if (requests === 1) socket.write(reply);
      else if (requests > 1) socket.write(Buffer.concat(Array(requests).fill(reply)));
    });
    socket.on('error', () => socket.destroy());
  };
}

if (work === 'udp') {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (_, peer) => socket.send(thanks, peer.port, peer.address));
  socket.bind(Number(port), '127.0.0.1');
} else {
  const reply = work === 'big' ? Buffer.alloc(1 << 20, 'x') : thanks;
  const serve = work === 'close' ? thankAndClose : keep(reply);
  const server = net.createServer({ noDelay: true }, serve);
  server.listen({ host: '127.0.0.1', port: Number(port), backlog: 4096 });
}
