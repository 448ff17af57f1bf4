import assert from "node:assert/strict";
import { Backoff, isTerminal } from "../src/backoff.js";
import { test } from "./timed.js";

test("pauses are anything up to twice as long each time, to a limit", () => {
  const at = (random: number) => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1_000 }, () => random);
    return [1, 2, 3, 4, 5, 6].map(() => backoff.pauseMs());
  };
  assert.deepEqual(at(1), [100, 200, 400, 800, 1_000, 1_000]);
  assert.deepEqual(at(0), [0, 0, 0, 0, 0, 0]);
  assert.deepEqual(at(0.5), [50, 100, 200, 400, 500, 500]);
});

test("what the server asks for is waited, with the jitter on top", () => {
  const backoff = new Backoff({ initialMs: 100 }, () => 0.5);
  assert.equal(backoff.pauseMs(2_000), 2_050);
  assert.equal(backoff.pauseMs(), 100);
  backoff.reset();
  assert.equal(backoff.pauseMs(), 50);
});

test("only some codes are the end", () => {
  for (const [code, expect] of [
    [1000, false], [1001, false], [1006, false], [4000, false], [4001, false], [4002, false], [4099, false],
    [1002, true], [1007, true], [1009, true], [4400, true], [4401, true], [4403, true], [4429, true], [4499, true],
    [4500, false],
  ] as const) {
    assert.equal(isTerminal(code), expect, String(code));
  }
});
