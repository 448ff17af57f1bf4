// What `onEvent` is told is narrowed by its type, and what is of no type this client knows is told all the same.

import assert from "node:assert/strict";
import type { AnyEnvelope, Envelope, ExecutionData, Handlers } from "../src/index.js";
import { connected, hello, scripted } from "./scripted.js";
import { test } from "./timed.js";
import { Told } from "./until.js";

/** Compiles only as long as each case has the type of its data. */
function summary(event: Envelope): string {
  switch (event.type) {
    case "agent_state":
      return `${event.data.agentId} is ${event.data.status}`;
    case "system_alert":
      return `${event.data.severity}: ${event.data.message}`;
    case "task_progress":
      return `${event.data.step} at ${event.data.percent ?? 0} %`;
    case "step_completed": {
      const { execution_id, step }: ExecutionData = event.data;
      return `${execution_id} is past ${step}`;
    }
    default: {
      const type: string = event.type;
      // @ts-expect-error nothing is known of it
      event.data?.anything;
      return `${type}: ${JSON.stringify(event.data)}`;
    }
  }
}

/** Who takes any event, as before, may be told of these. */
export const taking: Handlers = { onEvent: (event: AnyEnvelope) => event.type === "of_tomorrow" };

test("events are narrowed by their type, and those of tomorrow are told", async (t) => {
  const { url, connections, frames } = await scripted(t);
  const told = new Told<string>();
  const config = { serverUrl: url, subscriptions: { rooms: ["events"] } };
  connected(t, config, { onEvent: (event) => told.add(summary(event)) });
  const socket = await connections.first();
  socket.send(hello());
  const { id } = await frames.first();
  socket.send(JSON.stringify({ type: "subscribed", id, topics: [{ topic: "events", position: 0, recovered: false }] }));
  const events = [
    ["agent_state", { agentId: "a", status: "busy" }],
    ["system_alert", { severity: "info", message: "m" }],
    ["task_progress", { step: "s", percent: 5 }],
    ["step_completed", { execution_id: "e", step: "s" }],
    ["of_tomorrow", { anything: 1 }],
  ] as const;
  for (const [index, [type, data]] of events.entries()) {
    const event = { id: "i", position: index + 1, time: 1, type, correlation_id: null, causation_id: null, traceparent: null, data };
    socket.send(JSON.stringify({ type: "event", topics: ["events"], event }));
  }
  await told.until((all) => all.length === events.length);
  assert.deepEqual(told.all, ["a is busy", "info: m", "s at 5 %", "e is past s", 'of_tomorrow: {"anything":1}']);
});
