// Socket.IO as the server speaks it, by the client everybody uses.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { io, type Socket as IoSocket } from "socket.io-client";
import { Server } from "./server.js";
import { Told } from "./until.js";
import { test } from "./timed.js";

type Payload = Record<string, unknown> & { _meta: { position: number | null; topics: string[] } };
type Answer = { type: string; code?: string; result?: Record<string, unknown>; topics?: unknown; position?: number | null };
const TRANSPORTS = ["polling", "websocket"] as const;

async function served(t: TestContext): Promise<Server> {
  const server = await Server.start();
  t.after(() => server.remove());
  return server;
}

type Options = NonNullable<Parameters<typeof io>[1]>;

/** A client, and every event it was told. */
function connected(t: TestContext, server: Server, options: Options = {}) {
  const socket = io(server.url, { forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 200, ...options });
  const events = new Told<[string, Payload]>();
  const opened = new Told<unknown>();
  const lost = new Told<string>();
  socket.onAny((name: string, payload: Payload) => events.add([name, payload]));
  socket.on("connect", () => opened.add(socket.id));
  socket.on("disconnect", (reason) => lost.add(reason));
  t.after(() => socket.close());
  return { socket, events, opened, lost };
}

const ask = (socket: IoSocket, name: string, ...args: unknown[]) =>
  socket.timeout(10_000).emitWithAck(name, ...args) as Promise<Answer>;

const completed = (id: string) => ([name, payload]: [string, Payload]) =>
  name === "execution_complete" && payload.execution_id === id;

const durable = (all: [string, Payload][]) =>
  all.filter(([name, payload]) => payload._meta?.position && name !== "workflow_execution");

for (const transport of TRANSPORTS) {
  test(`over ${transport}, rooms are topics, and events carry their envelope`, async (t) => {
    const server = await served(t);
    const { socket, events } = connected(t, server, { transports: [transport] });
    const hello = await events.first(([name]) => name === "hello");
    assert.equal(typeof (hello[1] as unknown as { epoch: string }).epoch, "string");
    const answer = await ask(socket, "subscribe", { rooms: ["events", "workflow_executions"] });
    assert.equal(answer.type, "subscribed");
    assert.equal((answer.topics as unknown[]).length, 2);
    const id = await server.run();
    await events.first(completed(id));
    const history = await server.history();
    assert.deepEqual(
      durable(events.all).map(([name, { _meta, ...data }]) => ({ name, data, position: _meta.position })),
      history.map(({ type, data, position }) => ({ name: type, data, position })),
    );
    const { _meta } = (await events.first(([name]) => name === "execution_complete"))[1];
    const envelope: Record<string, unknown> = { ...history.at(-1)! };
    delete envelope.type;
    delete envelope.data;
    assert.deepEqual(_meta, { ...envelope, topics: [`execution:${id}`, "execution:*", "events"] });
    const update = await events.first(([name, { status }]) => name === "workflow_execution" && status === "completed");
    assert.equal(update[1].type, "workflow_execution", "S1's messages name their type");
    assert.equal(update[1].workflowId, "tests/echo");
    assert.equal(socket.io.engine.transport.name, transport);
  });

  test(`over ${transport}, emits are acknowledged`, async (t) => {
    const server = await served(t);
    const { socket } = connected(t, server, { transports: [transport] });
    for (const rooms of [{ topics: ["agent_states"] }, { rooms: ["agent_states"] }, ["agent_states"], "agent_states"]) {
      assert.equal((await ask(socket, "subscribe", rooms)).type, "subscribed", JSON.stringify(rooms));
    }
    assert.equal((await ask(socket, "message", { type: "subscribe", topics: ["thread:45"] })).type, "subscribed");
    assert.equal((await ask(socket, "unsubscribe", { rooms: ["agent_states"] })).type, "unsubscribed");
    const submitted = await ask(socket, "command", "submit", { path: "tests/echo" });
    assert.equal(submitted.type, "reply");
    const { execution_id } = submitted.result!;
    const shown = await ask(socket, "command", { method: "execution", params: { execution_id } });
    assert.equal(shown.result!.path, "tests/echo");
    for (const [code, ...args] of [
      ["invalid_topic", "subscribe", { rooms: ["nonsense"] }],
      ["missing_field", "subscribe", {}],
      ["not_found", "command", "dance"],
      ["unknown_type", "dance"],
      ["unknown_type", "worker_join", { name: "x", protocols: ["noop"], concurrency: 1 }],
    ] as [string, string, ...unknown[]][]) {
      const answer = await ask(socket, ...args);
      assert.deepEqual([answer.type, answer.code], ["error", code]);
    }
  });

  test(`over ${transport}, a client that was away gets what it missed through auth`, async (t) => {
    const server = await served(t);
    const position: Record<string, number> = { events: 0, workflow_executions: 0 };
    const auth = (tell: (auth: object) => void) => tell({ after: position });
    const { socket, events, opened, lost } = connected(t, server, { transports: [transport], auth });
    socket.onAny((name: string, { _meta }: Payload) => {
      const topic = name === "workflow_execution" ? "workflow_executions" : "events";
      if (_meta?.position) position[topic] = _meta.position;
    });
    await opened.first();
    for (let round = 1; round <= 2; round += 1) {
      await events.first(completed(await server.run()));
      if (round === 1) await server.kill();
      else await server.stop();
      await lost.until((all) => all.length === round);
      await server.up();
      const away = await server.run();
      await opened.until((all) => all.length === round + 1);
      await events.first(completed(away));
    }
    const all = durable(events.all);
    assert.deepEqual(all.map(([, { _meta }]) => _meta.position), all.map((_, index) => index + 1));
    const projected = events.all.filter(([name]) => name === "workflow_execution");
    assert.deepEqual(
      projected.map(([, { _meta }]) => _meta.position),
      (await server.history("workflow_executions")).map((event) => event.position),
    );
    assert.ok(events.all.some(([name]) => name === "draining"), "the second time it was told");
  });
}

test("S1's messages are published by emitting them", async (t) => {
  const server = await served(t);
  const { socket: producer } = connected(t, server, { transports: ["polling"] });
  const { socket, events } = connected(t, server, { transports: ["websocket"] });
  const rooms = ["agent_states", "performance_metrics", "workflow_executions", "memory_timeline", "system_alerts"];
  await ask(socket, "subscribe", { rooms });
  const messages: Record<string, Record<string, unknown>> = {
    agent_state: { agentId: "a", status: "busy", resourceUsage: { cpu: 1, memory: 2, activeConnections: 3 }, timestamp: 4 },
    workflow_execution: { workflowId: "w", executionId: "e", stage: "s", status: "running", progress: 50, timestamp: 4 },
    memory_timeline: { memoryId: "m", action: "accessed", importance: 0.5, tags: [], timestamp: 4 },
    system_alert: { severity: "info", component: "c", message: "m", timestamp: 4 },
  };
  for (const [type, message] of Object.entries(messages)) {
    const answer = await ask(producer, type, message);
    assert.deepEqual([answer.type, typeof answer.position], ["published", "number"], type);
    const [, { _meta, ...told }] = await events.first(([name]) => name === type);
    assert.deepEqual(told, { type, ...message });
    assert.equal(_meta.position, answer.position);
  }
  const metric = { metricName: "cpu", value: 1, unit: "percent", category: "system", timestamp: 4 };
  assert.deepEqual(await ask(producer, "performance_metric", metric), { type: "published", position: null });
  // The server measures itself as well.
  type Measured = { type: string; metrics: { timestamp: number }[] };
  const own = ([, { metrics }]: [string, Measured]) => metrics?.find(({ timestamp }) => timestamp === metric.timestamp);
  const batch = (await events.first((told) => own(told as never) !== undefined)) as unknown as [string, Measured];
  assert.deepEqual([batch[0], batch[1].type], ["performance_metrics", "performance_metrics"]);
  assert.deepEqual(own(batch), { type: "performance_metric", ...metric });
  const refused = await ask(producer, "publish", { type: "agent_state", agentId: "a" });
  assert.deepEqual([refused.type, refused.code], ["error", "message_invalid"]);
});

test("a client starts by polling and goes over to the WebSocket without losing anything", async (t) => {
  const server = await served(t);
  const { socket, events, opened } = connected(t, server, { auth: { after: { events: 0 } } });
  await opened.first();
  const runs = await Promise.all(Array.from({ length: 20 }, () => server.run()));
  for (const id of runs) await events.first(completed(id));
  assert.equal(socket.io.engine.transport.name, "websocket");
  const all = durable(events.all);
  assert.deepEqual(all.map(([, { _meta }]) => _meta.position), all.map((_, index) => index + 1));
});

test("answers nobody waits for are events", async (t) => {
  const server = await served(t);
  const { socket, events } = connected(t, server, { transports: ["websocket"] });
  socket.emit("subscribe", { rooms: ["events"], id: "mine" });
  socket.emit("dance");
  const [, subscribed] = await events.first(([name]) => name === "subscribed");
  assert.equal(subscribed.id, "mine");
  const [, error] = await events.first(([name]) => name === "error");
  assert.equal(error.code, "unknown_type");
});

test("a client that does not read is served from the log when it reads again, and holds up nobody", async (t) => {
  const server = await served(t);
  const { socket, events, opened } = connected(t, server, { transports: ["websocket"], auth: { after: { events: 0 } } });
  await opened.first();
  await events.first(([name]) => name === "subscribed");
  const wire = (socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws._socket;
  wire.pause();
  // More than the kernel, Engine.IO and the hub together hold for a client.
  const word = "x".repeat(48 << 10);
  const runs: string[] = [];
  for (let run = 0; run < 40; run += 1) runs.push(await server.run(word));
  const other = connected(t, server, { transports: ["websocket"], auth: { after: { events: 0 } } });
  await other.events.first(completed(runs.at(-1)!));
  assert.ok(events.all.length < other.events.all.length / 2);
  wire.resume();
  await events.first(completed(runs.at(-1)!));
  const all = durable(events.all);
  assert.deepEqual(all.map(([, { _meta }]) => _meta.position), all.map((_, index) => index + 1));
  const { websocket } = await server.get<{ websocket: { catch_ups: number } }>("/api/v1/health");
  assert.ok(websocket.catch_ups >= 1, JSON.stringify(websocket));
});

test("pages of other origins, other hosts and other namespaces are refused", async (t) => {
  const server = await served(t);
  const query = "EIO=4&transport=polling";
  const foreign = { origin: "http://evil.example" };
  for (const headers of [foreign, { "sec-fetch-site": "cross-site" }]) {
    const response = await fetch(`${server.url}/socket.io/?${query}`, { headers });
    assert.equal(response.status, 403, JSON.stringify(headers));
  }
  for (const transport of TRANSPORTS) {
    const { socket, opened } = connected(t, server, { transports: [transport], extraHeaders: foreign, reconnection: false });
    const refused = new Told<Error>();
    socket.on("connect_error", refused.add);
    await refused.first();
    assert.equal(opened.all.length, 0);
  }
  const elsewhere = io(`${server.url}/admin`, { forceNew: true, transports: ["websocket"] });
  t.after(() => elsewhere.close());
  const refused = new Told<Error>();
  elsewhere.on("connect_error", refused.add);
  assert.equal((await refused.first()).message, "Invalid namespace");
});

test("auth says who a client is", async (t) => {
  const server = await Server.guarded();
  t.after(() => server.remove());
  const token = server.token("looker", "viewer");
  for (const transport of TRANSPORTS) {
    const auth = { token, rooms: ["agent_states"] };
    const { socket, events } = connected(t, server, { transports: [transport], auth });
    const [, identity] = await events.first(([name]) => name === "authenticated");
    assert.deepEqual([identity.name, identity.role], ["looker", "viewer"]);
    await events.first(([name]) => name === "subscribed");
    assert.equal((await ask(socket, "subscribe", "events")).code, "forbidden");
    assert.equal((await ask(socket, "command", "submit", { path: "tests/echo" })).code, "forbidden");
  }
  const refused = new Told<Error & { data?: { code: string } }>();
  const nobody = connected(t, server, { transports: ["websocket"] });
  nobody.socket.on("connect_error", refused.add);
  assert.equal((await refused.first()).data?.code, "unauthenticated");
  const wrong = connected(t, server, { transports: ["websocket"], auth: { token: "sbx_nobodys", rooms: ["agent_states"] } });
  assert.equal(await wrong.lost.first(), "io server disconnect");
  assert.equal((await wrong.events.first(([name]) => name === "closing"))[1].code, 4401);
  assert.ok(wrong.events.all.every(([name]) => name !== "subscribed"));
  const header = connected(t, server, { extraHeaders: { authorization: `Bearer ${token}` } });
  assert.equal((await ask(header.socket, "subscribe", "agent_states")).type, "subscribed");
});

test("a client that floods or talks nonsense is closed, and does not come back by itself", async (t) => {
  const server = await served(t);
  const nonsense = connected(t, server, { transports: ["websocket"] });
  for (let i = 0; i < 20; i += 1) nonsense.socket.emit("dance");
  assert.equal(await nonsense.lost.first(), "io server disconnect");
  const closing = await nonsense.events.first(([name]) => name === "closing");
  assert.equal(closing[1].code, 4400);

  const flooding = connected(t, server, { transports: ["websocket"] });
  for (let i = 0; i < 400; i += 1) flooding.socket.emit("ping");
  assert.equal(await flooding.lost.first(), "io server disconnect");
  assert.equal((await flooding.events.first(([name]) => name === "closing"))[1].code, 4429);

  const binary = connected(t, server, { transports: ["websocket"] });
  binary.socket.emit("subscribe", Buffer.from("x"));
  assert.equal((await binary.events.first(([name]) => name === "error"))[1].code, "binary");
  assert.equal((await ask(binary.socket, "subscribe", "events")).type, "subscribed");
});
