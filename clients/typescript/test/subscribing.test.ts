// Subscriptions of several frames, when somebody asks for the opposite between two of them.

import assert from "node:assert/strict";
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
