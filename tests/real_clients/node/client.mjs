// One request by a Node client: client.mjs NAME URL.
//
// Prints what the client's user gets to see: an answer that is handed over as
// its status, reason and body, an error as its message. What an error carries
// beside that follows behind "kept: ". Exits with 0 if the request was served,
// with 1 if not. The CA to trust is the file that NODE_EXTRA_CA_CERTS names, the
// client certificate, if any, ONEPORT_CERT and ONEPORT_KEY.

import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { readFileSync } from "node:fs";

const word = "the same word";
const { ONEPORT_CERT, ONEPORT_KEY } = process.env;
const identity = ONEPORT_CERT
  ? { cert: readFileSync(ONEPORT_CERT), key: readFileSync(ONEPORT_KEY) }
  : {};

const clients = {
  http(url) {
    return request(url, {});
  },

  // 8 MiB.
  upload(url) {
    return request(url, { method: "POST" }, Buffer.alloc(8 << 20, "x"));
  },

  http2(url) {
    return new Promise((resolve, reject) => {
      const session = http2.connect(url, identity).on("error", reject);
      const stream = session.request({ ":path": new URL(url).pathname }).on("error", reject);
      let status, body = "";
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("data", (chunk) => (body += chunk));
      stream.on("end", () => {
        session.close();
        resolve([status, "", body]);
      });
    }).then((answer) => text(...answer));
  },

  // The one that Node has built in.
  async fetch(url) {
    return shown(await fetch(url));
  },

  async undici(url) {
    const { Agent, fetch } = await import("undici");
    const dispatcher = new Agent({ allowH2: true, connect: identity });
    return shown(await fetch(url, { dispatcher })).finally(() => dispatcher.close());
  },

  async axios(url) {
    const { default: axios } = await import("axios");
    try {
      const answer = await axios.get(url, {
        httpsAgent: new https.Agent(identity),
        transformResponse: (body) => body,
        proxy: false,
      });
      return answer.data;
    } catch (error) {
      const { statusText, data } = error.response ?? {};
      if (statusText) error.kept = `${statusText} ${data}`;
      throw error;
    }
  },

  async ws(url) {
    const { WebSocket } = await import("ws");
    const dial = (reject) => new WebSocket(url, identity).on("error", reject);
    try {
      return await new Promise((resolve, reject) => {
        const socket = dial(reject);
        socket.on("open", () => socket.send(word));
        socket.on("message", (data) => {
          resolve(String(data));
          socket.close();
        });
      });
    } catch (error) {
      // Who listens for the answer gets it instead of the error.
      if (!error.message.startsWith("Unexpected server response")) throw error;
      error.kept = await new Promise((resolve, reject) => {
        const socket = dial(reject).on("unexpected-response", (_, answer) => {
          resolve(`${answer.statusCode} ${answer.statusMessage}`);
          socket.on("error", () => {}).terminate();
        });
      });
      throw error;
    }
  },

  // A method that nobody has: a gRPC server that it reaches says status 12.
  async grpc(url) {
    const { default: grpc } = await import("@grpc/grpc-js");
    const { host, protocol } = new URL(url);
    const ca = () => readFileSync(process.env.NODE_EXTRA_CA_CERTS);
    const credentials = protocol === "https:"
      ? grpc.credentials.createSsl(ca(), identity.key, identity.cert)
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

function request(url, options, content) {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith("https:") ? https : http;
    const sent = request(url, { ...identity, ...options }, async (answer) => {
      let body = "";
      try {
        for await (const chunk of answer) body += chunk;
        resolve(text(answer.statusCode, answer.statusMessage, body));
      } catch (error) {
        reject(error);
      }
    });
    sent.on("error", reject).end(content);
  });
}

async function shown(answer) {
  return text(answer.status, answer.statusText, await answer.text());
}

function text(status, reason, body) {
  if (status === 200) return body;
  throw new Error(`${status} ${reason} ${body}`);
}

// Node's own code where nothing is left that could answer an `await`.
process.on("exit", (code) => code === 13 && console.log("(ends without a word)"));
const [name, url] = process.argv.slice(2);
try {
  console.log(await clients[name](url));
} catch (error) {
  // As Node prints one that nobody catches, without its stack.
  console.log(String(error));
  if (error.cause) console.log(String(error.cause));
  if (error.kept) console.log(`kept: ${error.kept}`);
  process.exitCode = 1;
}
