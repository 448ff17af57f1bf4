// Clients of many topics, and of some that are not theirs, against the real server.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { SignalboxClient, SignalboxError } from "../src/index.js";
import { listening, served } from "./clients.js";
import { Server } from "./server.js";
import { Told } from "./until.js";
import { test } from "./timed.js";

test("a thousand topics go on after a break, in frames that the server takes", async (t) => {
  const server = await served(t);
  const { client, events, lost, greeted } = listening(t, server, []);
  const agents = Array.from({ length: 1_000 }, (_, number) => `${"ä".repeat(40)}-${number}`);
  const topics = agents.map((agent) => `agent:${agent}`);
  const told = await client.subscribe(topics);
  assert.deepEqual(told.map(({ topic }) => topic), topics);
  for (const round of [1, 2]) {
    const tries = lost.all.length;
    await server.kill();
    await lost.until((all) => all.length > tries);
    await server.up();
    await greeted.until((all) => all.length > round);
    const resourceUsage = { cpu: 1, memory: 2, activeConnections: 3 };
    for (const agentId of [agents[0]!, agents[999]!]) {
      await server.post("/api/v1/events", JSON.stringify({ type: "agent_state", agentId, status: round === 1 ? "idle" : "busy", resourceUsage }), "application/json");
    }
    await events.until((all) => all.length === 2 * round);
  }
  assert.ok(Buffer.byteLength(JSON.stringify(client.snapshot())) > 2 * 65_536, "not in one frame");
  await client.unsubscribe(topics);
  assert.deepEqual([client.state, client.snapshot()], ["open", []]);
  const codes = lost.all.map((told) => (told as { code: number }).code);
  assert.ok(codes.every((code) => code === 1006), `only a server that was not there: ${codes}`);
});

test("who changes topics faster than the server takes it waits and goes on", async (t) => {
  const server = await served(t);
  const { client, lost, greeted } = listening(t, server, []);
  // What is wanted before is asked for with the connection as well.
  await greeted.first();
  const topics = Array.from({ length: 800 }, (_, number) => `agent:${number}`);
  // The first round is most of what is taken at once.
  for (let round = 0; round < 2; round += 1) {
    assert.equal((await client.subscribe(topics)).length, 800);
    await client.unsubscribe(topics.slice(0, 400));
  }
  assert.equal(client.snapshot().length, 400);
  assert.deepEqual([client.state, lost.all], ["open", []]);
});

/** Of topics one after the other of which every second is refused, with this code, the others go on. */
async function othersGoOn(t: TestContext, config: { serverUrl: string; token?: string }, refused: string, expected: string) {
  const errors = new Told<Error>();
  const lost = new Told<unknown>();
  const own = Array.from({ length: 15 }, (_, number) => `agent:${number}`);
  const rooms = own.flatMap((topic, number) => [`${refused}${number}`, topic]);
  const client = new SignalboxClient(
    { ...config, subscriptions: { rooms } },
    { onError: errors.add, onDisconnect: lost.add },
  );
  t.after(() => client.close());
  await errors.until((all) => all.length === 15);
  assert.ok(errors.all.every((error) => error instanceof SignalboxError && error.code === expected), String(errors.all));
  assert.deepEqual((await client.subscribe(own)).map(({ topic }) => topic), own);
  assert.deepEqual(client.snapshot().map(({ topic }) => topic), own);
  assert.deepEqual([client.state, lost.all], ["open", []]);
}

test("fifteen topics of thirty that are not theirs take neither the others along nor the connection", async (t) => {
  const server = await Server.guarded();
  t.after(() => server.remove());
  const config = { serverUrl: server.url, token: server.token("looker", "viewer") };
  await othersGoOn(t, config, "session:user:other-", "forbidden");
});

test("fifteen topics of thirty that are none take neither the others along nor the connection", async (t) => {
  const server = await served(t);
  await othersGoOn(t, { serverUrl: server.url }, "agents:", "invalid_topic");
});

test("a topic that is not theirs takes no other along; with a lesser role, after a break either", async (t) => {
  const server = await Server.guarded();
  t.after(() => server.remove());
  const watching = (token: string | (() => string), rooms: string[]) => {
    const told = { errors: new Told<Error>(), alerts: new Told<string>(), greeted: new Told<unknown>(), roles: new Told<string>() };
    const client = new SignalboxClient(
      { serverUrl: server.url, token, subscriptions: { rooms }, reconnect: { initialMs: 20, maxMs: 200 } },
      {
        onError: told.errors.add,
        onSystemAlert: ({ message }) => told.alerts.add(message),
        onConnect: told.greeted.add,
        onAuthenticated: ({ role }) => told.roles.add(role),
      },
    );
    t.after(() => client.close());
    return { client, ...told };
  };
  const alert = (message: string) =>
    server.post("/api/v1/events", JSON.stringify({ type: "system_alert", severity: "info", component: "c", message }), "application/json");
  const codes = ({ all }: Told<Error>) => all.map((error) => (error as SignalboxError).code);

  const viewer = watching(server.token("looker", "viewer"), ["events", "system_alerts", "nonsense"]);
  await viewer.errors.until((all) => all.length === 2);
  await alert("one");
  assert.equal(await viewer.alerts.first(), "one");
  assert.deepEqual(codes(viewer.errors), ["forbidden", "invalid_topic"]);
  assert.deepEqual(viewer.client.snapshot().map(({ topic }) => topic), ["system_alerts"]);
  // Asked for together with what is theirs, it is refused, and what they had stays.
  const code = (expect: string) => (error: unknown) => error instanceof SignalboxError && error.code === expect;
  await assert.rejects(viewer.client.subscribe(["system_alerts", "events"]), code("forbidden"));
  await alert("two");
  await viewer.alerts.until((all) => all.length === 2);

  const roles = ["admin"];
  const lessened = watching(() => server.jwt("olga", roles.shift() ?? "viewer"), ["events", "system_alerts"]);
  await lessened.client.subscribe(["events", "system_alerts"]);
  assert.equal((await lessened.client.authenticate()).role, "viewer");
  assert.match((await lessened.errors.first()).message, /`events`/);
  await server.kill();
  await server.up();
  await lessened.greeted.until((all) => all.length === 2);
  await alert("three");
  await lessened.alerts.first((message) => message === "three");
  assert.deepEqual(codes(lessened.errors), ["forbidden"]);
  assert.deepEqual(lessened.roles.all, ["admin", "viewer", "viewer"]);
});
