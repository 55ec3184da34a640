// Node's own servers, and `ws`, as their documentation has them.
//
//   node server.mjs http|h2c|ws PORT
//   node server.mjs https|http2|http2-and-1|wss PORT CERT KEY
import { readFileSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { WebSocketServer } from "ws";

const [kind, port, cert, key] = process.argv.slice(2);
const tls = cert && { cert: readFileSync(cert), key: readFileSync(key) };
const answer = (request, response) => response.end("node\n");
const echo = (server) =>
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data) => socket.send(data));
  });

const servers = {
  http: () => http.createServer(answer),
  h2c: () => http2.createServer(answer),
  https: () => https.createServer(tls, answer),
  http2: () => http2.createSecureServer(tls, answer),
  "http2-and-1": () => http2.createSecureServer({ ...tls, allowHTTP1: true }, answer),
  ws: () => echo(new WebSocketServer({ host: "127.0.0.1", port })),
  wss: () => {
    const server = https.createServer(tls, answer);
    echo(new WebSocketServer({ server, path: "/ws" }));
    return server;
  },
};
const server = servers[kind]();
if (kind !== "ws") {
  server.listen(port, "127.0.0.1");
}
