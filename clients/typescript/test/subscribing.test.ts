// Subscriptions of several frames, when somebody asks for the opposite between two of them.

import assert from "node:assert/strict";
import { SignalboxError } from "../src/index.js";
import { Positions } from "../src/positions.js";
import { Subscribing } from "../src/subscribing.js";
import { test } from "./timed.js";

/** Of these, each topic takes a frame of its own. */
const FRAME_BYTES = 130;

/** What is asked; while the first answer is on its way, this happens. */
function between(positions: Positions, meanwhile: () => void) {
  const asked: unknown[] = [];
  const ask = async ({ topics }: { topics?: unknown }) => {
    asked.push(topics);
    if (asked.length === 1) meanwhile();
    return [];
  };
  const subscribing = new Subscribing(
    positions,
    ask,
    () => FRAME_BYTES,
    () => Promise.reject(new Error("nobody is too fast")),
    (error) => assert.fail(String(error)),
  );
  return { subscribing, asked };
}

test("what is wanted again meanwhile is not unsubscribed", async () => {
  const positions = new Positions();
  for (const topic of ["a", "b", "c"]) positions.want({ topic });
  const { subscribing, asked } = between(positions, () => positions.want({ topic: "b" }));
  await subscribing.unsubscribe(["a", "b", "c"]);
  assert.deepEqual(asked, [["a"], ["c"]]);
  assert.deepEqual(positions.topics(), ["b"]);
});

test("what is given up meanwhile is not subscribed", async () => {
  const positions = new Positions();
  const { subscribing, asked } = between(positions, () => positions.forget("b"));
  await subscribing.subscribe([{ topic: "a" }, { topic: "b" }, { topic: "c" }]);
  assert.deepEqual(asked, [[{ topic: "a" }], [{ topic: "c" }]]);
  assert.deepEqual(positions.topics(), ["a", "c"]);
});

/** Who says so often that it was too fast; what else happens while it is waited. */
function tooFast(positions: Positions, times: number, meanwhile: () => void = () => {}) {
  const happened: unknown[] = [];
  const ask = async ({ topics }: { topics?: unknown }) => {
    happened.push(topics);
    if (times > 0) {
      times -= 1;
      throw new SignalboxError("rate_limited", "wait a second and send it again", true);
    }
    return [];
  };
  const sleep = async (ms: number) => {
    happened.push(ms);
    meanwhile();
  };
  const subscribing = new Subscribing(positions, ask, () => FRAME_BYTES, sleep, (error) => assert.fail(String(error)));
  return { subscribing, happened };
}

test("what was too fast is asked for again when the server says, and what changed meanwhile counts", async () => {
  const positions = new Positions();
  const { subscribing, happened } = tooFast(positions, 2, () => positions.forget("a"));
  await subscribing.subscribe([{ topic: "a" }, { topic: "b" }]);
  assert.deepEqual(happened, [[{ topic: "a" }], 1_000, [{ topic: "b" }], 1_000, [{ topic: "b" }]]);
  const others = tooFast(positions, 1, () => positions.want({ topic: "b" }));
  await others.subscribing.unsubscribe(["a", "b"]);
  assert.deepEqual(others.happened, [["a"], 1_000, ["a"]]);
  assert.deepEqual(positions.topics(), ["b"]);
});

test("a server that always finds it too fast is believed in the end", async () => {
  const positions = new Positions();
  const { subscribing, happened } = tooFast(positions, 1_000);
  await assert.rejects(subscribing.subscribe([{ topic: "a" }]), { code: "rate_limited" });
  assert.equal(happened.filter((one) => one === 1_000).length, 29);
  assert.deepEqual(positions.topics(), ["a"], "wanted still: the next connection asks for it");
});

test("many that were too fast are asked for again one a second", async () => {
  const positions = new Positions();
  const slept: (() => void)[] = [];
  let asked = 0;
  const ask = async () => {
    asked += 1;
    if (asked <= 3) throw new SignalboxError("rate_limited", "wait a second and send it again", true);
    return [];
  };
  const sleep = () => new Promise<void>((resolve) => slept.push(resolve));
  const subscribing = new Subscribing(positions, ask, () => FRAME_BYTES, sleep, (error) => assert.fail(String(error)));
  const all = ["a", "b", "c"].map((topic) => subscribing.subscribe([{ topic }]));
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  for (const nth of [1, 2, 3]) {
    await settled();
    assert.deepEqual([slept.length, asked], [nth, 2 + nth], "one waits its second, the others for it");
    slept.at(-1)!();
  }
  await Promise.all(all);
});
