// A server of a few words, put into its mouth one by one, and a clock that stands still until it is told.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { type Clock, SignalboxClient, type ClientConfig, type Handlers } from "../src/index.js";
import { Told } from "./until.js";

export class StandingClock implements Clock {
  at = 1_000_000;
  private timers = new Map<number, { due: number; callback: () => void }>();
  private last = 0;
  readonly set = new Told<number>();

  now = () => this.at;
  random = () => 0.5;
  setTimeout = (callback: () => void, ms: number) => {
    this.last += 1;
    this.timers.set(this.last, { due: this.at + ms, callback });
    this.set.add(ms);
    return this.last;
  };
  clearTimeout = (timer: unknown) => void this.timers.delete(timer as number);

  advance(ms: number): void {
    this.at += ms;
    for (const [timer, { due, callback }] of [...this.timers]) {
      if (due <= this.at && this.timers.delete(timer)) callback();
    }
  }
}

/** Real sockets, and words put into the server's mouth. */
export async function scripted(t: TestContext) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const connections = new Told<WebSocket>();
  const frames = new Told<Record<string, unknown>>();
  server.on("connection", (socket) => {
    socket.on("message", (data) => frames.add(JSON.parse(String(data)) as Record<string, unknown>));
    connections.add(socket);
  });
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections, frames };
}

export const LIMITS = { frame_bytes: 65_536, topics: 1_000, queue_bytes: 1 << 20, idle_timeout_ms: 90_000 };
export const hello = (epoch = "e") => JSON.stringify({ type: "hello", epoch, client: "c", limits: LIMITS });

export function connected(t: TestContext, config: ClientConfig, more: Handlers = {}) {
  const clock = new StandingClock();
  const lost = new Told<{ code: number; reason: string; retryMs: number | null }>();
  const greeted = new Told<unknown>();
  const errors = new Told<Error>();
  const handlers = { onDisconnect: lost.add, onConnect: greeted.add, onError: errors.add, ...more };
  const client = new SignalboxClient({ clock, ...config }, handlers);
  t.after(() => client.close());
  return { clock, lost, greeted, errors, client };
}
