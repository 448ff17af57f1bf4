// What events and frames look like. The shapes are the server's own: test/protocol.test.ts checks them against samples
// that the server's protocol crate has written.

export type AgentStatus = "idle" | "active" | "busy" | "error" | "offline";
export type MetricCategory = "system" | "agent" | "network" | "database";
export type WorkflowStatus = "pending" | "running" | "completed" | "failed" | "cancelled";
export type MemoryAction = "created" | "updated" | "accessed" | "deleted";
export type Severity = "info" | "warning" | "error" | "critical";

/** What an agent is doing. `cpu` and `memory` are percentages, times are milliseconds since 1970. */
export interface AgentState {
  type: "agent_state";
  agentId: string;
  status: AgentStatus;
  currentTask?: string;
  resourceUsage: { cpu: number; memory: number; activeConnections: number };
  metadata?: Record<string, unknown>;
  timestamp: number;
}

export interface PerformanceMetric {
  type: "performance_metric";
  metricName: string;
  value: number;
  unit: string;
  category: MetricCategory;
  agentId?: string;
  timestamp: number;
  metadata?: Record<string, unknown>;
}

/** `workflowId` is a playbook's path, `stage` the step, `progress` 0 to 100. */
export interface WorkflowExecution {
  type: "workflow_execution";
  workflowId: string;
  executionId: string;
  stage: string;
  status: WorkflowStatus;
  progress?: number;
  agentId?: string;
  result?: unknown;
  error?: string;
  timestamp: number;
}

export interface MemoryTimeline {
  type: "memory_timeline";
  memoryId: string;
  action: MemoryAction;
  content?: string;
  importance: number;
  tags: string[];
  agentId?: string;
  timestamp: number;
}

export interface SystemAlert {
  type: "system_alert";
  severity: Severity;
  component: string;
  message: string;
  details?: Record<string, unknown>;
  timestamp: number;
}

// S1's names of the same.
export type AgentStateMessage = AgentState;
export type WorkflowExecutionUpdate = WorkflowExecution;
export type MemoryTimelineData = MemoryTimeline;

/** The five messages programs publish and are told, by type. */
export interface Messages {
  agent_state: AgentState;
  performance_metric: PerformanceMetric;
  workflow_execution: WorkflowExecution;
  memory_timeline: MemoryTimeline;
  system_alert: SystemAlert;
}

/** What is published by a name of its own, which says the type; `timestamp` may be left to the server. */
export type Unstamped<T extends { type: string; timestamp: number }> = Omit<T, "type" | "timestamp"> & {
  type?: T["type"];
  timestamp?: number;
};
/** A message to publish. */
export type Message = { [K in keyof Messages]: { type: K } & Unstamped<Messages[K]> }[keyof Messages];
/** A message in its envelope, which says the type. */
export type Untyped<T extends { type: string }> = Omit<T, "type">;

/** What the data of an execution's events has in common; the rest depends on the type (docs/api.md). */
export interface ExecutionData {
  execution_id: string;
  path: string;
  step?: string;
  visit?: number;
  attempt?: number;
  [field: string]: unknown;
}

/** The types of an execution's own events. */
export type ExecutionEvent =
  | "execution_queued"
  | "execution_start"
  | "step_reused"
  | "step_started"
  | "action_started"
  | "action_completed"
  | "action_failed"
  | "retry_scheduled"
  | "iterator_started"
  | "iterator_completed"
  | "approval_requested"
  | "signal_received"
  | "report_late"
  | "step_completed"
  | "step_failed"
  | "execution_paused"
  | "execution_resumed"
  | "execution_cancelled"
  | "execution_complete";

/** How far a running task is; never stored. */
export interface TaskProgress {
  execution_id: string;
  step: string;
  visit: number;
  attempt: number;
  item?: number;
  worker: string;
  percent?: number;
  message?: string;
  logs?: { stdout?: string; stderr?: string };
}

/** Data by event type. A server may send types this client does not know: their data is `unknown`. */
export type EventData = { [K in keyof Messages]: Untyped<Messages[K]> } & Record<ExecutionEvent, ExecutionData> & {
    task_progress: TaskProgress;
  };

interface EnvelopeOf<Type, Data> {
  id: string;
  /** The event's place in the log; `null` for one that is not stored. */
  position: number | null;
  /** Milliseconds since 1970. */
  time: number;
  type: Type;
  correlation_id: string | null;
  causation_id: string | null;
  traceparent: string | null;
  data: Data;
}

/** A type this client does not know. There is no such value: it keeps those types apart from the names of the known. */
export declare enum OtherType {
  Name = "of a newer server",
}

/**
 * One event. `event.type === "agent_state"` gives `event.data` its type; what is of none of the known types has data
 * that is `unknown`.
 */
export type Envelope =
  | { [K in keyof EventData]: EnvelopeOf<K, EventData[K]> }[keyof EventData]
  | EnvelopeOf<OtherType, unknown>;

/** The same, of whatever type: for who compares with names this client does not know. */
export type AnyEnvelope = EnvelopeOf<string, unknown>;

export interface Limits {
  frame_bytes: number;
  topics: number;
  queue_bytes: number;
  idle_timeout_ms: number;
}

export interface Hello {
  epoch: string;
  client: string;
  limits: Limits;
}

/** Where a subscription starts. `recovered`: exactly after the position asked for. */
export interface Subscribed {
  topic: string;
  position: number;
  recovered: boolean;
}

/** The topic's events after `from` up to `to` will not come: fetch the state anew. */
export interface Gap {
  topic: string;
  from: number;
  to: number;
  reason: "epoch" | "retention" | "unavailable";
}

export interface Authenticated {
  name: string;
  role: string;
  expires_at?: number;
}

export interface Published {
  /** The position of the last message that was stored; `null` when none is kept. */
  position: number | null;
}

type Id = { id?: number | string };

export type ServerFrame =
  | ({ type: "hello" } & Hello)
  | ({ type: "subscribed"; topics: Subscribed[] } & Id)
  | ({ type: "unsubscribed"; topics: string[] } & Id)
  | { type: "event"; topics: string[]; event: Envelope }
  | { type: "performance_metrics"; topics: string[]; metrics: Untyped<PerformanceMetric>[] }
  | { type: "caught_up"; position: number }
  | ({ type: "gap" } & Gap)
  | { type: "reply"; id: number | string; result: unknown }
  | ({ type: "published" } & Published & Id)
  | ({ type: "authenticated" } & Authenticated & Id)
  | ({ type: "error"; code: string; message: string; temporary: boolean } & Id)
  | ({ type: "pong" } & Id)
  | { type: "draining"; reconnect_after_ms: number };
