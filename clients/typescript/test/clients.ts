// Servers and clients as most tests want them.

import type { TestContext } from "node:test";
import { type AnyEnvelope, type Gap, SignalboxClient } from "../src/index.js";
import { Server } from "./server.js";
import { Told } from "./until.js";

export async function served(t: TestContext, ...args: string[]): Promise<Server> {
  const server = await Server.start(...args);
  t.after(() => server.remove());
  return server;
}

/** A client of these rooms, and all it was told. */
export function listening(t: TestContext, server: Server, rooms: (string | { topic: string; after: number })[]) {
  const events = new Told<AnyEnvelope>();
  const gaps = new Told<Gap>();
  const lost = new Told<unknown>();
  const greeted = new Told<unknown>();
  const client = new SignalboxClient(
    { serverUrl: server.url, subscriptions: { rooms }, reconnect: { initialMs: 20, maxMs: 200 } },
    { onEvent: events.add, onGap: gaps.add, onDisconnect: lost.add, onConnect: greeted.add },
  );
  t.after(() => client.close());
  return { client, events, gaps, lost, greeted };
}
