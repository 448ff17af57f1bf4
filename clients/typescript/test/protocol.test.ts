// The types are the server's. Most of this is the compiler's work: samples.ts, which the server's protocol crate writes,
// must satisfy them, field for field; here it is checked that they allow no more than the samples show.

import assert from "node:assert/strict";
import type { EventData, Messages } from "../src/index.js";
import * as samples from "./samples.js";
import type { Nothing } from "./shapes.js";
import { test } from "./timed.js";

type All<Name extends keyof Messages> = Messages[Name];
export type Checked = [
  Nothing<Exclude<All<"agent_state">["status"], (typeof samples.agent_state)[number]["status"]>>,
  Nothing<Exclude<All<"performance_metric">["category"], (typeof samples.performance_metric)[number]["category"]>>,
  Nothing<Exclude<All<"workflow_execution">["status"], (typeof samples.workflow_execution)[number]["status"]>>,
  Nothing<Exclude<All<"memory_timeline">["action"], (typeof samples.memory_timeline)[number]["action"]>>,
  Nothing<Exclude<All<"system_alert">["severity"], (typeof samples.system_alert)[number]["severity"]>>,
  Nothing<Exclude<keyof EventData, (typeof samples.event_types)[number]>>,
];

test("there are samples of all five messages", () => {
  const names: (keyof Messages)[] = ["agent_state", "performance_metric", "workflow_execution", "memory_timeline", "system_alert"];
  for (const name of names) assert.ok(samples[name].length >= 4, name);
});
