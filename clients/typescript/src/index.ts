export { createBroadcastIntegrations, type BroadcastIntegrations } from "./broadcast.js";
export { SignalboxClient, SignalboxClient as UniversalAIWebSocketClient, type State } from "./client.js";
export type { ClientConfig, Clock, Handlers } from "./config.js";
export { SignalboxError } from "./errors.js";
export type * from "./messages.js";
export { createClient, createMonitoringClient, createWorkflowClient, type Monitored } from "./monitoring.js";
export type { TopicRequest } from "./positions.js";
export type { Socket, SocketConstructor } from "./socket.js";
