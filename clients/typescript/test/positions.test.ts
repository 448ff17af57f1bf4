import assert from "node:assert/strict";
import { Positions } from "../src/positions.js";
import { test } from "./timed.js";

test("an event is news of the topics that are below it", () => {
  const positions = new Positions();
  positions.want({ topic: "events" });
  positions.want({ topic: "agent:a", after: 3, epoch: "e" });
  assert.deepEqual(positions.news(["events", "agent:a"], 9), [], "not before it is subscribed");
  positions.subscribed({ topic: "events", position: 5, recovered: false }, "e");
  positions.subscribed({ topic: "agent:a", position: 5, recovered: true }, "e");
  assert.deepEqual(positions.news(["events", "agent:a", "other"], 4), ["agent:a"]);
  assert.deepEqual(positions.news(["events", "agent:a"], 4), []);
  assert.deepEqual(positions.news(["events", "agent:a"], 6), ["events", "agent:a"]);
  assert.deepEqual(positions.news(["events"], null), ["events"]);
  positions.gap({ topic: "events", from: 6, to: 8, reason: "unavailable" }, "e");
  assert.deepEqual(positions.news(["events"], 8), []);
  assert.deepEqual(positions.news(["events"], 9), ["events"]);
});

test("what was had is asked for after a break, of the log it was had of", () => {
  const positions = new Positions();
  positions.want({ topic: "events" });
  positions.want({ topic: "fresh" });
  positions.subscribed({ topic: "events", position: 5, recovered: false }, "one");
  positions.news(["events"], 7);
  positions.disconnected();
  assert.deepEqual(positions.news(["events"], 8), []);
  // Another log is there, and gone before it has confirmed anything.
  assert.deepEqual(positions.snapshot(), [{ topic: "events", after: 7, epoch: "one" }, { topic: "fresh" }]);
  positions.disconnected();
  positions.subscribed({ topic: "events", position: 2, recovered: false }, "two");
  assert.deepEqual(positions.request("events"), { topic: "events", after: 7, epoch: "one" }, "until the gap is told");
  positions.gap({ topic: "events", from: 7, to: 2, reason: "epoch" }, "two");
  assert.deepEqual(positions.request("events"), { topic: "events", after: 2, epoch: "two" });
  positions.want({ topic: "events" });
  assert.deepEqual(positions.request("events"), { topic: "events", after: 2, epoch: "two" }, "subscribing is idempotent");
  positions.forget("events");
  assert.deepEqual(positions.topics(), ["fresh"]);
});
