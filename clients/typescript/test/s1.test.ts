// S1's messages as S1 writes them: its interfaces, copied, take what is told, by handlers that know nothing else.

import assert from "node:assert/strict";
import {
  type AgentStateMessage,
  createMonitoringClient,
  type MemoryTimelineData,
  type Message,
  type PerformanceMetric,
  SignalboxClient,
  type SystemAlert,
  type WorkflowExecutionUpdate,
} from "../src/index.js";
import { served } from "./clients.js";
import { test } from "./timed.js";
import { Told } from "./until.js";

namespace S1 {
  export interface AgentStateMessage {
    type: "agent_state";
    agentId: string;
    status: "idle" | "active" | "busy" | "error" | "offline";
    currentTask?: string;
    resourceUsage: { cpu: number; memory: number; activeConnections: number };
    metadata?: Record<string, any>;
    timestamp: number;
  }
  export interface PerformanceMetric {
    type: "performance_metric";
    metricName: string;
    value: number;
    unit: string;
    category: "system" | "agent" | "network" | "database";
    agentId?: string;
    timestamp: number;
    metadata?: Record<string, any>;
  }
  export interface WorkflowExecutionUpdate {
    type: "workflow_execution";
    workflowId: string;
    executionId: string;
    stage: string;
    status: "pending" | "running" | "completed" | "failed" | "cancelled";
    progress?: number;
    agentId?: string;
    result?: any;
    error?: string;
    timestamp: number;
  }
  export interface MemoryTimelineData {
    type: "memory_timeline";
    memoryId: string;
    action: "created" | "updated" | "accessed" | "deleted";
    content?: string;
    importance: number;
    tags: string[];
    agentId?: string;
    timestamp: number;
  }
  export interface SystemAlert {
    type: "system_alert";
    severity: "info" | "warning" | "error" | "critical";
    component: string;
    message: string;
    details?: Record<string, any>;
    timestamp: number;
  }
}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type True<T extends true> = T;
export type Checked = [
  True<Same<AgentStateMessage, S1.AgentStateMessage>>,
  True<Same<PerformanceMetric, S1.PerformanceMetric>>,
  True<Same<WorkflowExecutionUpdate, S1.WorkflowExecutionUpdate>>,
  True<Same<MemoryTimelineData, S1.MemoryTimelineData>>,
  True<Same<SystemAlert, S1.SystemAlert>>,
];

type Any = AgentStateMessage | PerformanceMetric | WorkflowExecutionUpdate | MemoryTimelineData | SystemAlert;

/** What programs do who have one function for all. */
function subject(message: Any): string {
  switch (message.type) {
    case "agent_state":
      return message.agentId;
    case "performance_metric":
      return message.metricName;
    case "workflow_execution":
      return message.workflowId;
    case "memory_timeline":
      return message.memoryId;
    case "system_alert":
      return message.component;
  }
}

const PUBLISHED: Message[] = [
  { type: "agent_state", agentId: "of agents", status: "idle", resourceUsage: { cpu: 1, memory: 2, activeConnections: 3 } },
  { type: "performance_metric", metricName: "of metrics", value: 1, unit: "ms", category: "agent" },
  { type: "performance_metric", metricName: "of metrics", value: 2, unit: "ms", category: "agent" },
  { type: "workflow_execution", workflowId: "of workflows", executionId: "e", stage: "s", status: "running" },
  { type: "memory_timeline", memoryId: "of memories", action: "created", importance: 0.5, tags: [] },
  { type: "system_alert", severity: "info", component: "of alerts", message: "m" },
];
const EXPECTED = PUBLISHED.map((message) => [message.type, subject(message as Any)]).sort();

test("every message says its type, in batches too, and one that was told is published again as it is", async (t) => {
  const server = await served(t);
  const told = new Told<Any>();
  // The server measures itself as well.
  const heard = (message: Any) => subject(message).startsWith("of ") && told.add(message);
  const monitor = createMonitoringClient(server.url, (_, data) => void [data].flat().forEach(heard));
  t.after(() => monitor.close());
  await monitor.subscribe("system_alerts");
  const client = new SignalboxClient({ serverUrl: server.url });
  t.after(() => client.close());
  for (const message of PUBLISHED) await client.publish(message);
  const summary = (all: Any[]) => all.map((message) => [message.type, subject(message)]).sort();
  assert.deepEqual(summary(await told.until((all) => all.length === PUBLISHED.length)), EXPECTED);
  for (const message of [...told.all]) await again(client, message);
  const twice = [...EXPECTED, ...EXPECTED].sort();
  assert.deepEqual(summary(await told.until((all) => all.length === 2 * PUBLISHED.length)), twice);
});

function again(client: SignalboxClient, message: Any): Promise<unknown> {
  switch (message.type) {
    case "agent_state":
      return client.broadcastAgentState(message);
    case "performance_metric":
      return client.broadcastPerformanceMetric(message);
    case "workflow_execution":
      return client.broadcastWorkflowExecution(message);
    case "memory_timeline":
      return client.broadcastMemoryTimeline(message);
    case "system_alert":
      return client.broadcastSystemAlert(message);
  }
}
