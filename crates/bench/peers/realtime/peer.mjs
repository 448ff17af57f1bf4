// `node peer.mjs ws|socket.io`: a server on a free port that hands what one client publishes to all subscribers, as
// fast as its library can. Says `{"port", "version"}` when it is ready; ends when it is killed.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const ready = (name, port) =>
  console.log(JSON.stringify({ port, version: `${name} ${require(`${name}/package.json`).version}` }));

const peers = {
  // {"op":"sub"} subscribes and is answered; anything else goes to all subscribers.
  ws() {
    const { WebSocketServer } = require("ws");
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
    const subscribers = new Set();
    server.on("connection", (socket) => {
      socket.on("close", () => subscribers.delete(socket));
      socket.on("error", () => subscribers.delete(socket));
      socket.on("message", (message, isBinary) => {
        if (message.length < 32 && message.toString() === '{"op":"sub"}') {
          subscribers.add(socket);
          socket.send('{"op":"ok"}');
          return;
        }
        for (const one of subscribers) if (one.readyState === 1) one.send(message, { binary: isBinary });
      });
    });
    server.on("listening", () => ready("ws", server.address().port));
  },
  "socket.io"() {
    const { createServer } = require("node:http");
    const { Server } = require("socket.io");
    const http = createServer();
    const server = new Server(http, { perMessageDeflate: false, transports: ["websocket"], serveClient: false });
    server.on("connection", (socket) => {
      socket.on("sub", (room, answer) => {
        socket.join(room);
        answer?.(1);
      });
      socket.on("pub", (room, data) => server.to(room).emit("m", data));
    });
    http.listen(0, "127.0.0.1", () => ready("socket.io", http.address().port));
  },
};

const peer = peers[process.argv[2]];
if (!peer) throw new Error(`which peer? ${Object.keys(peers).join(" or ")}`);
peer();
