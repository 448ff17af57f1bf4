// A place where somebody listens and nobody speaks.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { connected, hello, scripted } from "./scripted.js";
import { test } from "./timed.js";
import { Told } from "./until.js";

test("a host that takes the connection and never answers is given up, and tried again", async (t) => {
  const taken = new Told<Socket>();
  const server = createServer(taken.add);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of taken.all) socket.destroy();
    server.close();
  });
  const { clock, lost, client } = connected(t, { serverUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  for (const [index, pause] of [250, 500].entries()) {
    const socket = (await taken.until((all) => all.length > index))[index]!;
    socket.resume();
    await clock.set.until((all) => all.filter((ms) => ms === 10_000).length > index);
    clock.advance(9_999);
    assert.deepEqual([client.state, lost.all.length], ["connecting", index]);
    clock.advance(1);
    const told = { code: 1006, reason: "the server does not say hello", retryMs: pause };
    assert.deepEqual(lost.all[index], told);
    await once(socket, "close");
    clock.advance(pause);
  }
});

test("a server that has said hello has all the time there is", async (t) => {
  const { url, connections } = await scripted(t);
  const { clock, greeted, lost, client } = connected(t, { serverUrl: url });
  // The first says nothing after the handshake, the second does.
  await connections.first();
  await clock.set.first((ms) => ms === 10_000);
  clock.advance(10_000);
  assert.equal(lost.all[0]?.reason, "the server does not say hello");
  clock.advance(250);
  (await connections.until((all) => all.length === 2))[1]!.send(hello());
  await greeted.first();
  clock.advance(20_000);
  assert.deepEqual([client.state, lost.all.length], ["open", 1]);
});
