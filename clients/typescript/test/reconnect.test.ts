// What the client makes of a server that goes away, by a clock that stands still until it is told.

import assert from "node:assert/strict";
import type { SignalboxError } from "../src/index.js";
import { connected, hello, scripted } from "./scripted.js";
import { test } from "./timed.js";

const UNAVAILABLE = { code: "unavailable", message: "not now", temporary: true };
const UNKNOWN = { code: "token_unknown", message: "not ours", temporary: false };

test("the pause grows with each failure, and a hello makes it short again", async (t) => {
  const { url, connections } = await scripted(t);
  const { clock, lost, greeted } = connected(t, { serverUrl: url });
  for (const [index, pause] of [250, 500, 1_000, 2_000].entries()) {
    (await connections.until((all) => all.length > index))[index]!.terminate();
    assert.equal((await lost.until((all) => all.length > index))[index]!.retryMs, pause);
    clock.advance(pause);
  }
  const socket = (await connections.until((all) => all.length === 5))[4]!;
  socket.send(hello());
  await greeted.first();
  socket.terminate();
  assert.equal((await lost.until((all) => all.length === 5))[4]!.retryMs, 250);
});

test("a server that drains says when to come back", async (t) => {
  const { url, connections } = await scripted(t);
  const { lost } = connected(t, { serverUrl: url });
  const socket = await connections.first();
  socket.send(hello());
  socket.send(JSON.stringify({ type: "draining", reconnect_after_ms: 3_000 }));
  socket.close(4000, "the server is going away: come back");
  const { code, retryMs } = await lost.first();
  assert.deepEqual({ code, retryMs }, { code: 4000, retryMs: 3_250 });
});

test("terminal codes are the end, for whoever waits too", async (t) => {
  const { url, connections } = await scripted(t);
  const { lost, client } = connected(t, { serverUrl: url });
  const waiting = client.call("playbooks");
  (await connections.first()).close(4403, "not allowed here");
  assert.deepEqual(await lost.first(), { code: 4403, reason: "not allowed here", retryMs: null });
  await assert.rejects(waiting, (error: SignalboxError) => error.code === "closed" && !error.temporary);
  await assert.rejects(client.call("playbooks"), (error: SignalboxError) => error.code === "closed");
  assert.equal(client.state, "closed");
});

test("a token that is refused is fetched anew once", async (t) => {
  const { url, connections, frames } = await scripted(t);
  let fetched = 0;
  const { clock, lost } = connected(t, { serverUrl: url, token: () => `t${++fetched}` });
  (await connections.first()).close(4401, "expired");
  assert.equal((await lost.first()).retryMs, 250);
  clock.advance(250);
  (await connections.until((all) => all.length === 2))[1]!.close(4401, "expired");
  assert.equal((await lost.until((all) => all.length === 2))[1]!.retryMs, null);
  const sent = await frames.until((all) => all.length === 2);
  assert.deepEqual(sent.map(({ type, token }) => ({ type, token })), [
    { type: "authenticate", token: "t1" },
    { type: "authenticate", token: "t2" },
  ]);
});

test("a token is renewed over the same connection before it expires", async (t) => {
  const { url, connections, frames } = await scripted(t);
  let fetched = 0;
  const { clock, client } = connected(t, { serverUrl: url, token: () => `t${++fetched}` });
  const socket = await connections.first();
  const first = await frames.first();
  socket.send(hello());
  const expires_at = clock.at + 10_000;
  socket.send(JSON.stringify({ type: "authenticated", id: first.id, name: "ada", role: "viewer", expires_at }));
  await clock.set.first((ms) => ms === 8_000);
  clock.advance(8_000);
  const again = (await frames.until((all) => all.length === 2))[1]!;
  assert.equal(again.token, "t2");
  assert.equal(client.state, "open");
});

test("a renewal that fails for now is tried again, and again with what is left", async (t) => {
  const { url, connections, frames } = await scripted(t);
  const tokens = ["t1", "t2", new Error("no network"), "t4", "t5"];
  const token = () => {
    const next = tokens.shift()!;
    if (next instanceof Error) throw next;
    return next;
  };
  const { clock, client, errors } = connected(t, { serverUrl: url, token });
  const socket = await connections.first();
  const taken = (id: unknown, expires_at: number) => {
    socket.send(JSON.stringify({ type: "authenticated", id, name: "ada", role: "viewer", expires_at }));
  };
  const sent = async (number: number) => (await frames.until((all) => all.length === number))[number - 1]!;
  socket.send(hello());
  taken((await sent(1)).id, clock.at + 20_000);
  await clock.set.first((ms) => ms === 16_000);
  clock.advance(16_000);
  socket.send(JSON.stringify({ type: "error", id: (await sent(2)).id, ...UNAVAILABLE }));
  await clock.set.first((ms) => ms === 3_200);
  clock.advance(3_200);
  // This time there is no token, and four fifths of what is left are less than a second.
  await clock.set.first((ms) => ms === 1_000);
  clock.advance(1_000);
  const { id, token: fourth } = await sent(3);
  assert.equal(fourth, "t4");
  assert.deepEqual(errors.all.map(String), ["SignalboxError: not now", "Error: no network"]);
  taken(id, clock.at + 5_000);
  await clock.set.first((ms) => ms === 4_000);
  clock.advance(4_000);
  assert.equal((await sent(4)).token, "t5");
  assert.equal(client.state, "open");
});

test("by a clock that is ahead a token is renewed once a second", async (t) => {
  const { url, connections, frames } = await scripted(t);
  let fetched = 0;
  const { clock } = connected(t, { serverUrl: url, token: () => `t${++fetched}` });
  const socket = await connections.first();
  socket.send(hello());
  for (const round of [1, 2, 3]) {
    const frame = (await frames.until((all) => all.length === round))[round - 1]!;
    assert.equal(frame.token, `t${round}`);
    const expires_at = clock.at - 3_600_000;
    socket.send(JSON.stringify({ type: "authenticated", id: frame.id, name: "ada", role: "viewer", expires_at }));
    await clock.set.until((all) => all.filter((ms) => ms === 1_000).length === round);
    clock.advance(999);
    assert.equal(fetched, round);
    clock.advance(1);
  }
});

test("a token that is refused for now is never the end", async (t) => {
  const { url, connections, frames } = await scripted(t);
  let fetched = 0;
  for (const token of ["t0", () => `t${++fetched}`]) {
    const before = connections.all.length;
    const { clock, lost, errors } = connected(t, { serverUrl: url, token });
    const refuse = async (number: number, problem: object): Promise<number | null> => {
      const socket = (await connections.until((all) => all.length === before + number))[before + number - 1]!;
      const { id } = (await frames.until((all) => all.length === before + number))[before + number - 1]!;
      socket.send(hello());
      socket.send(JSON.stringify({ type: "error", id, ...problem }));
      socket.close(4401, "not proven");
      const { retryMs } = (await lost.until((all) => all.length === number))[number - 1]!;
      if (retryMs !== null) clock.advance(retryMs);
      return retryMs;
    };
    for (const number of [1, 2, 3]) assert.equal(await refuse(number, UNAVAILABLE), 250);
    assert.equal(errors.all.length, 3);
    // And it is not the one other try of a token that is fetched.
    const tries = [await refuse(4, UNKNOWN)];
    if (tries[0] !== null) tries.push(await refuse(5, UNKNOWN));
    assert.deepEqual(tries, typeof token === "string" ? [null] : [250, null]);
  }
});

test("a silent server is asked, then given up", async (t) => {
  const { url, connections, frames } = await scripted(t);
  const { clock, lost, greeted } = connected(t, { serverUrl: url });
  (await connections.first()).send(hello());
  await greeted.first();
  clock.advance(25_000);
  await frames.first((frame) => frame.type === "ping");
  clock.advance(25_000);
  assert.equal((await lost.first()).retryMs, 250);
});

test("what was asked before the connection goes out with it; what was sent and not answered is told", async (t) => {
  const { url, connections, frames } = await scripted(t);
  const { client, clock, lost } = connected(t, { serverUrl: url, subscriptions: { rooms: ["events"] } });
  const first = client.call("playbooks");
  const socket = await connections.first();
  socket.send(hello());
  const sent = await frames.until((all) => all.length === 2);
  assert.deepEqual(sent.map((frame) => frame.type), ["subscribe", "command"]);
  const event = (position: number) => ({ id: "i", position, time: 1, type: "x", correlation_id: null,
    causation_id: null, traceparent: null, data: {} });
  socket.send(JSON.stringify({ type: "subscribed", id: sent[0]!.id, topics: [{ topic: "events", position: 4, recovered: false }] }));
  socket.send(JSON.stringify({ type: "event", topics: ["events"], event: event(5) }));
  socket.close(4001);
  await assert.rejects(first, (error: SignalboxError) => error.code === "disconnected" && error.temporary);
  await lost.first();
  clock.advance(250);
  (await connections.until((all) => all.length === 2))[1]!.send(hello());
  const again = (await frames.until((all) => all.length === 3))[2]!;
  assert.deepEqual(again.topics, [{ topic: "events", after: 5, epoch: "e" }]);
});
