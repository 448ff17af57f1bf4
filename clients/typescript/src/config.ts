import type { BackoffOptions } from "./backoff.js";
import type { SignalboxError } from "./errors.js";
import type {
  AgentState,
  Authenticated,
  Envelope,
  Gap,
  Hello,
  MemoryTimeline,
  PerformanceMetric,
  SystemAlert,
  WorkflowExecution,
} from "./messages.js";
import type { TopicRequest } from "./positions.js";
import type { SocketConstructor } from "./socket.js";

/** Time and chance, for tests. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  random(): number;
}

export const realClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (timer) => globalThis.clearTimeout(timer as ReturnType<typeof setTimeout>),
  random: () => Math.random(),
};

export interface ClientConfig {
  /** `http://127.0.0.1:9999`. */
  serverUrl: string;
  /** What to subscribe to from the start. A room is a topic; `after` resumes from a position kept earlier. */
  subscriptions?: { rooms: (string | TopicRequest)[] };
  /** An API token or JWT, or who gets a fresh one: asked at each connection, and before the one before expires. */
  token?: string | (() => string | Promise<string>);
  /** Tells the console, or a function, of each frame and each try to connect. Tokens are not told. */
  debug?: boolean | ((line: string) => void);
  /** `false`: a connection that breaks is the end. */
  reconnect?: BackoffOptions | false;
  /** Another WebSocket than that of the browser, of Node 22, or of the package `ws`. */
  webSocket?: SocketConstructor;
  clock?: Clock;
}

/** Every handler is optional, and may be async. One that throws or rejects is reported to `onError` and stops nobody. */
export interface Handlers {
  /** Connected, for the first time or again. */
  onConnect?(hello: Hello): void;
  /** The connection is gone. `retryMs`: tried again after so long; `null`: never. */
  onDisconnect?(why: { code: number; reason: string; retryMs: number | null }): void;
  onError?(error: SignalboxError | Error): void;
  onAuthenticated?(identity: Authenticated): void;
  /** Every event, once, in order of position within each topic. `topics`: those subscribed to that it is news of. */
  onEvent?(event: Envelope, topics: string[]): void;
  /** Events are missing: fetch the state anew. */
  onGap?(gap: Gap): void;
  // The five messages, each with its `type`.
  onAgentState?(data: AgentState, event: Envelope): void;
  /** Metrics come in batches. */
  onPerformanceMetrics?(data: PerformanceMetric[]): void;
  onWorkflowExecution?(data: WorkflowExecution, event: Envelope): void;
  onMemoryTimeline?(data: MemoryTimeline, event: Envelope): void;
  onSystemAlert?(data: SystemAlert, event: Envelope): void;
}
