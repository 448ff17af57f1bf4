// Clients for one purpose, in S1's words.

import { SignalboxClient } from "./client.js";
import type { ClientConfig, Handlers } from "./config.js";
import type { Messages, PerformanceMetric, WorkflowExecution } from "./messages.js";

/** What a monitoring client is told: S1's messages by type, metrics in batches. */
export type Monitored = Omit<Messages, "performance_metric"> & { performance_metrics: PerformanceMetric[] };
type Tell = <Type extends keyof Monitored>(type: Type, data: Monitored[Type]) => void;
type Options = Omit<ClientConfig, "serverUrl" | "subscriptions">;

export function createClient(config: ClientConfig, handlers: Handlers = {}): SignalboxClient {
  return new SignalboxClient(config, handlers);
}

/** Tells of everything in the five streams. */
export function createMonitoringClient(
  serverUrl: string,
  tell: Tell,
  options: Options = {},
  handlers: Handlers = {},
): SignalboxClient {
  const rooms = ["agent_states", "performance_metrics", "workflow_executions", "memory_timeline", "system_alerts"];
  return new SignalboxClient({ ...options, serverUrl, subscriptions: { rooms } }, {
    ...handlers,
    onAgentState: (data) => tell("agent_state", data),
    onPerformanceMetrics: (data) => tell("performance_metrics", data),
    onWorkflowExecution: (data) => tell("workflow_execution", data),
    onMemoryTimeline: (data) => tell("memory_timeline", data),
    onSystemAlert: (data) => tell("system_alert", data),
  });
}

/** Tells how the executions of one playbook are getting on. */
export function createWorkflowClient(
  serverUrl: string,
  workflowId: string,
  tell: (update: WorkflowExecution) => void,
  options: Options = {},
  handlers: Handlers = {},
): SignalboxClient {
  return new SignalboxClient({ ...options, serverUrl, subscriptions: { rooms: [`workflow:${workflowId}`] } }, {
    ...handlers,
    onWorkflowExecution: (update) => tell(update),
  });
}
