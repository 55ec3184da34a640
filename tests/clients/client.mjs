// One request by a Node client: client.mjs NAME URL.
//
// Prints what the client's user gets to see. Exits with 0 if the request was
// served, with 1 if not. The CA to trust is the file that NODE_EXTRA_CA_CERTS
// names.

import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages are not next to this file.
const require = createRequire(process.env.ONEPORT_NODE_MODULES + "/");
const word = "the same word";

const clients = {
  http(url) {
    return new Promise((resolve, reject) => {
      const get = url.startsWith("https:") ? https.get : http.get;
      get(url, async (answer) => {
        let body = "";
        for await (const chunk of answer) body += chunk;
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`${answer.statusCode} ${answer.statusMessage}`));
      }).on("error", reject);
    });
  },

  http2(url) {
    return new Promise((resolve, reject) => {
      const session = http2.connect(url).on("error", reject);
      const stream = session.request({ ":path": new URL(url).pathname }).on("error", reject);
      let status, body = "";
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("data", (chunk) => (body += chunk));
      stream.on("end", () => {
        session.close();
        if (status === 200) resolve(body);
        else reject(new Error(`${status} ${body}`));
      });
    });
  },

  // The one that Node has built in.
  async fetch(url) {
    return text(await fetch(url));
  },

  async undici(url) {
    const { Agent, fetch } = require("undici");
    const dispatcher = new Agent({ allowH2: true });
    return text(await fetch(url, { dispatcher })).finally(() => dispatcher.close());
  },

  ws(url) {
    const WebSocket = require("ws");
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.on("open", () => socket.send(word));
      socket.on("message", (data) => {
        resolve(String(data));
        socket.close();
      });
      socket.on("unexpected-response", (_, answer) => {
        reject(new Error(`Unexpected response: ${answer.statusCode} ${answer.statusMessage}`));
        socket.terminate();
      });
      socket.on("error", reject);
    });
  },

  // A method that nobody has: a gRPC server that it reaches says status 12.
  grpc(url) {
    const grpc = require("@grpc/grpc-js");
    const { host, protocol } = new URL(url);
    const credentials = protocol === "https:"
      ? grpc.credentials.createSsl(readFileSync(process.env.NODE_EXTRA_CA_CERTS))
      : grpc.credentials.createInsecure();
    const client = new grpc.Client(host, credentials);
    const same = (bytes) => bytes;
    const options = { deadline: Date.now() + 5000 };
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest("/nobody.Has/This", same, same, Buffer.alloc(0), options, (error) => {
        client.close();
        if (error?.code === grpc.status.UNIMPLEMENTED) resolve("UNIMPLEMENTED");
        else reject(error ?? new Error("somebody has this method"));
      });
    });
  },
};

async function text(answer) {
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${body}`);
  return body;
}

const [name, url] = process.argv.slice(2);
try {
  console.log(await clients[name](url));
} catch (error) {
  console.log(String(error), error.cause ? String(error.cause) : "");
  process.exitCode = 1;
}
