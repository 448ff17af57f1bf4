// The client against the real server.

import assert from "node:assert/strict";
import {
  type AnyEnvelope,
  createBroadcastIntegrations,
  createMonitoringClient,
  createWorkflowClient,
  type MemoryTimeline,
  type Message,
  SignalboxClient,
  SignalboxError,
  UniversalAIWebSocketClient,
  type WorkflowExecution,
} from "../src/index.js";
import { Server } from "./server.js";
import { listening, served } from "./clients.js";
import { Told } from "./until.js";
import { test } from "./timed.js";

const ended = (id: string) => (all: AnyEnvelope[]) =>
  all.some(({ type, correlation_id }) => type === "execution_complete" && correlation_id === id);

test("the events of an execution come in order, each once", async (t) => {
  const server = await served(t);
  const { client, events } = listening(t, server, [{ topic: "events", after: 0 }]);
  await client.subscribe("workflow_executions");
  const id = await server.run();
  await events.until(ended(id));
  const told = events.all.filter(({ type }) => type !== "workflow_execution");
  assert.deepEqual(told, await server.history());
  assert.ok(events.all.some(({ type, data }) => type === "workflow_execution" && (data as WorkflowExecution).status === "completed"));
});

test("all of a kind come to who has a topic for all, from the log and live, each once", async (t) => {
  const server = await served(t);
  const before = await server.run();
  const rooms = ["execution:*", "workflow:*", "agent:*"].map((topic) => ({ topic, after: 0 }));
  const { client, events } = listening(t, server, [...rooms, { topic: `execution:${before}`, after: 0 }]);
  const metrics = new Told<unknown>();
  const measured = new SignalboxClient(
    { serverUrl: server.url, subscriptions: { rooms: ["agent:*"] } },
    { onPerformanceMetrics: (batch) => metrics.add(batch) },
  );
  t.after(() => measured.close());
  await measured.subscribe("agent:*");
  await events.until(ended(before));
  const resourceUsage = { cpu: 1, memory: 2, activeConnections: 3 };
  for (const agentId of ["a", "b"]) await client.broadcastAgentState({ agentId, status: "idle", resourceUsage });
  await client.broadcastPerformanceMetric({ metricName: "m", value: 1, unit: "ms", category: "agent", agentId: "a" });
  const live = await server.run();
  await events.until((all) => ended(live)(all) && all.some(({ type, correlation_id, data }) =>
    type === "workflow_execution" && correlation_id === live && (data as WorkflowExecution).status === "completed"));
  for (const [topic, types] of [
    ["execution:*", (type: string) => type !== "workflow_execution" && type !== "agent_state"],
    ["workflow:*", (type: string) => type === "workflow_execution"],
    ["agent:*", (type: string) => type === "agent_state"],
  ] as const) {
    const history = await server.history(topic);
    assert.ok(history.length >= 2, topic);
    assert.deepEqual(events.all.filter(({ type }) => types(type)), history, topic);
  }
  await metrics.until((all) => all.length > 0);
  const names = metrics.all.flat().map((metric) => (metric as { metricName: string }).metricName);
  assert.deepEqual(names, ["m"], "once, whatever topics it has");
  await assert.rejects(client.subscribe("session:*"), { code: "invalid_topic" });
});

test("killed and started again while events come, the server loses and repeats nothing", async (t) => {
  const server = await served(t);
  const { client, events, lost, greeted } = listening(t, server, [{ topic: "events", after: 0 }, { topic: "workflow_executions", after: 0 }]);
  for (let round = 1; round <= 3; round += 1) {
    const seen = events.all.length;
    const burst = Promise.allSettled(Array.from({ length: 30 }, (_, index) => server.run(`${round}.${index}`)));
    await events.until((all) => all.length > seen + 20);
    await server.kill();
    await burst;
    await lost.until((all) => all.length >= round);
    await server.up();
    // Nobody has come back to see this one end.
    const away = await server.run(`away ${round}`);
    await greeted.until((all) => all.length > round);
    await events.until(ended(away));
  }
  const last = await server.run("last");
  await events.until(ended(last));
  assert.equal(client.state, "open");
  const durable = events.all.filter(({ type }) => type !== "workflow_execution");
  assert.deepEqual(durable.map(({ position }) => position), durable.map((_, index) => index + 1));
  assert.deepEqual(durable, await server.history());
  const projected = events.all.filter(({ type }) => type === "workflow_execution");
  const positions = (all: AnyEnvelope[]) => all.map(({ position }) => position);
  assert.deepEqual(positions(projected), positions(await server.history("workflow_executions")));
});

test("a server that drains is come back to", async (t) => {
  const server = await served(t);
  const { events, greeted } = listening(t, server, [{ topic: "events", after: 0 }]);
  await greeted.first();
  await server.stop();
  await server.up();
  const id = await server.run();
  await events.until(ended(id));
  assert.deepEqual(events.all.map(({ position }) => position), events.all.map((_, index) => index + 1));
});

test("another log is told of, and followed from there", async (t) => {
  const server = await served(t);
  const { events, gaps, greeted } = listening(t, server, [{ topic: "events", after: 0 }]);
  await events.until(ended(await server.run()));
  await server.forget();
  await greeted.until((all) => all.length === 2);
  assert.equal((await gaps.first()).reason, "epoch");
  await events.until(ended(await server.run()));
});

test("a position kept earlier is gone on from by another client", async (t) => {
  const server = await served(t);
  const first = listening(t, server, [{ topic: "events", after: 0 }]);
  const seen = await server.run();
  await first.events.until(ended(seen));
  const [kept] = first.client.snapshot();
  first.client.close();
  const missed = await server.run();
  const second = listening(t, server, [kept as { topic: string; after: number }]);
  await second.events.until(ended(missed));
  const all = [...first.events.all, ...second.events.all];
  assert.deepEqual(all.map(({ position }) => position), all.map((_, index) => index + 1));
});

test("commands are answered, and refused by name", async (t) => {
  const server = await served(t);
  const { client } = listening(t, server, []);
  const { execution_id } = await client.call<{ execution_id: string }>("submit", { path: "tests/echo" });
  assert.equal((await client.call<{ path: string }>("execution", { execution_id })).path, "tests/echo");
  const refused = (code: string) => (error: unknown) => error instanceof SignalboxError && error.code === code;
  await assert.rejects(client.call("submit", { path: "tests/nothing" }), refused("not_found"));
  await assert.rejects(client.call("dance"), refused("not_found"));
  await assert.rejects(client.subscribe("nonsense"), refused("invalid_topic"));
  assert.deepEqual(client.snapshot(), [], "what was refused is not asked for again");
});

test("an unsubscribed topic is silent", async (t) => {
  const server = await served(t);
  const { client, events } = listening(t, server, []);
  const [subscribed] = await client.subscribe(["workflow:tests/echo"]);
  assert.equal(subscribed?.topic, "workflow:tests/echo");
  await client.unsubscribe("workflow:tests/echo");
  await client.subscribe("events");
  await events.until(ended(await server.run()));
  assert.ok(events.all.every(({ type }) => type !== "workflow_execution"));
});

test("S1's clients work as written", async (t) => {
  const server = await served(t);
  const lines: string[] = [];
  const connected = new Told<string>();
  const client = new UniversalAIWebSocketClient(
    {
      serverUrl: server.url,
      subscriptions: { rooms: ["agent_states", "performance_metrics", "system_alerts"] },
      debug: (line) => lines.push(line),
    },
    { onConnect: () => connected.add("Connected") },
  );
  t.after(() => client.close());
  const monitored = new Told<[string, unknown]>();
  const monitor = createMonitoringClient(server.url, (type, data) => monitored.add([type, data]));
  const updates = new Told<WorkflowExecution>();
  const workflow = createWorkflowClient(server.url, "tests/echo", updates.add);
  t.after(() => {
    monitor.close();
    workflow.close();
  });
  await Promise.all([connected.first(), monitor.subscribe("workflow_executions"), workflow.subscribe("workflow:tests/echo")]);
  const id = await server.run();
  await monitored.first(([type, data]) => type === "workflow_execution" && (data as WorkflowExecution).status === "completed");
  const last = await updates.first(({ status }) => status === "completed");
  assert.deepEqual([last.workflowId, last.executionId, last.progress], ["tests/echo", id, 100]);
  assert.ok(lines.some((line) => line.startsWith('→ {"type":"subscribe"')), lines.join("\n"));
});

test("S1's producers reach S1's clients", async (t) => {
  const server = await served(t);
  const monitored = new Told<[string, unknown]>();
  const monitor = createMonitoringClient(server.url, (type, data) => monitored.add([type, data]));
  const updates = new Told<WorkflowExecution>();
  const workflow = createWorkflowClient(server.url, "user-request-workflow", updates.add);
  const { client } = listening(t, server, []);
  t.after(() => {
    monitor.close();
    workflow.close();
  });
  await Promise.all([monitor.subscribe("agent_states"), workflow.subscribe("workflow:user-request-workflow")]);

  const state = {
    agentId: "my-agent",
    status: "active",
    currentTask: "Processing user request",
    resourceUsage: { cpu: 45.2, memory: 67.8, activeConnections: 3 },
  } as const;
  const memory = { memoryId: "m", action: "created" as const, importance: 0.5, tags: ["a"] } satisfies Partial<MemoryTimeline>;
  const alert = { severity: "warning", component: "test", message: "on purpose" } as const;
  assert.equal(typeof (await client.broadcastAgentState(state)).position, "number");
  assert.equal(typeof (await client.broadcastMemoryTimeline({ ...memory, timestamp: 5 })).position, "number");
  assert.equal(typeof (await client.broadcastSystemAlert(alert)).position, "number");
  const told = async <Data>(type: string) => (await monitored.first(([told]) => told === type))[1] as Data;
  const { timestamp, ...rest } = await told<typeof state & { timestamp: number }>("agent_state");
  assert.deepEqual(rest, { type: "agent_state", ...state });
  assert.ok(Math.abs(Date.now() - timestamp) < 60_000, "the server says when");
  assert.deepEqual(await told("memory_timeline"), { type: "memory_timeline", ...memory, timestamp: 5 });
  assert.equal((await told<typeof alert>("system_alert")).message, "on purpose");

  const { workflowExecution, performanceMetrics } = createBroadcastIntegrations(client);
  await workflowExecution.startWorkflow("user-request-workflow", "exec-123", "agent-1");
  await workflowExecution.updateWorkflowProgress("user-request-workflow", "exec-123", "processing", 50);
  await workflowExecution.completeWorkflow("user-request-workflow", "exec-123", { result: "success" });
  await updates.first(({ status }) => status === "completed");
  assert.deepEqual(
    updates.all.map(({ executionId, stage, status, progress }) => [executionId, stage, status, progress]),
    [
      ["exec-123", "started", "running", 0],
      ["exec-123", "processing", "running", 50],
      ["exec-123", "completed", "completed", 100],
    ],
  );
  performanceMetrics.startStreaming(20);
  t.after(() => performanceMetrics.stopStreaming());
  const metrics = await told<{ metricName: string; value: number }[]>("performance_metrics");
  assert.match(metrics[0]!.metricName, /^process_/);

  const incomplete = { type: "agent_state", agentId: "a" } as unknown as Message;
  await assert.rejects(client.publish(incomplete), (error: SignalboxError) => error.code === "message_invalid");
});

test("tokens say who a client is; one that is revoked is the end, unless there is another", async (t) => {
  const server = await Server.guarded();
  t.after(() => server.remove());
  const lost = new Told<{ code: number; retryMs: number | null }>();
  const identities = new Told<{ name: string; role: string }>();
  const make = (token?: string | (() => string)) => {
    const reconnect = { initialMs: 20 };
    const config = { serverUrl: server.url, reconnect, ...(token === undefined ? {} : { token }) };
    const client = new SignalboxClient(config, { onDisconnect: lost.add, onAuthenticated: identities.add });
    t.after(() => client.close());
    return client;
  };
  const code = (expect: string) => (error: unknown) => error instanceof SignalboxError && error.code === expect;
  const viewer = make(server.token("looker", "viewer"));
  assert.equal((await viewer.subscribe("agent_states"))[0]?.topic, "agent_states");
  assert.equal((await identities.first()).role, "viewer");
  await assert.rejects(viewer.subscribe("events"), code("forbidden"));
  await assert.rejects(viewer.call("submit", { path: "tests/echo" }), code("forbidden"));
  server.revoke("looker");
  assert.deepEqual(await lost.first(({ retryMs }) => retryMs === null).then(({ code }) => code), 4401);
  assert.equal(viewer.state, "closed");

  const names = ["first", "second"];
  const renewing = make(() => server.token(names.shift()!, "component"));
  await renewing.broadcastSystemAlert({ severity: "info", component: "c", message: "m" });
  server.revoke("first");
  await identities.first(({ name }) => name === "second");
  await renewing.broadcastSystemAlert({ severity: "info", component: "c", message: "m" });

  for (const token of [undefined, "sbx_nobodys"]) {
    const ends = lost.all.filter(({ retryMs }) => retryMs === null).length;
    const nobody = make(token);
    await assert.rejects(nobody.call("playbooks"), SignalboxError);
    await lost.until((all) => all.filter(({ retryMs }) => retryMs === null).length > ends);
    assert.equal(nobody.state, "closed");
  }
});

test("a handler that throws is reported and stops nobody", async (t) => {
  const server = await served(t);
  const errors = new Told<Error>();
  const events = new Told<AnyEnvelope>();
  const client = new SignalboxClient(
    { serverUrl: server.url, subscriptions: { rooms: ["events"] } },
    {
      onError: errors.add,
      onEvent(event) {
        events.add(event);
        throw new Error("on purpose");
      },
    },
  );
  t.after(() => client.close());
  await client.subscribe("events");
  await events.until(ended(await server.run()));
  assert.equal(errors.all.length, events.all.length);
});
