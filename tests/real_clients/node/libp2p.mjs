// A dial by js-libp2p: libp2p.mjs PORT. Prints its error, and exits with 1.

import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";

const node = await createLibp2p({
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
});
try {
  await node.dial(multiaddr(`/ip4/127.0.0.1/tcp/${process.argv[2]}`));
  console.log("connected");
} catch (error) {
  console.log(String(error));
  process.exitCode = 1;
} finally {
  await node.stop();
}
