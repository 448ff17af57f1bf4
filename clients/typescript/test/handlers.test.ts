// What the client makes of handlers that fail.

import assert from "node:assert/strict";
import { connected, hello, scripted } from "./scripted.js";
import { test } from "./timed.js";
import { Told } from "./until.js";

test("a handler that fails is reported and stops nobody, at once or later", async (t) => {
  const { url, connections } = await scripted(t);
  const gaps = new Told<string>();
  const handlers = {
    onConnect: () => {
      throw new Error("at once");
    },
    onGap: async ({ topic }: { topic: string }) => {
      gaps.add(topic);
      await new Promise(setImmediate);
      throw new Error(`later, of ${topic}`);
    },
  };
  const { client, errors } = connected(t, { serverUrl: url }, handlers);
  const socket = await connections.first();
  socket.send(hello());
  for (const topic of ["a", "b"]) {
    socket.send(JSON.stringify({ type: "gap", topic, from: 1, to: 2, reason: "epoch" }));
  }
  await errors.until((all) => all.length === 3);
  assert.deepEqual(errors.all.map(({ message }) => message), ["at once", "later, of a", "later, of b"]);
  assert.deepEqual([gaps.all, client.state], [["a", "b"], "open"]);
});

test("an onError that fails is told to the console, and to nobody again", async (t) => {
  const { url, connections } = await scripted(t);
  const consoled = new Told<unknown>();
  t.mock.method(console, "error", (...words: unknown[]) => consoled.add(words));
  const fails = [
    () => {
      throw new Error("first");
    },
    () => Promise.reject(new Error("second")),
  ];
  const { client } = connected(t, { serverUrl: url }, { onError: () => fails.shift()!() });
  const socket = await connections.first();
  socket.send(hello());
  for (const message of ["one", "two"]) {
    socket.send(JSON.stringify({ type: "error", code: "unavailable", message, temporary: true }));
  }
  await consoled.until((all) => all.length === 2);
  assert.match(String(consoled.all), /first.*second/s);
  assert.deepEqual([fails, client.state], [[], "open"]);
});
