// permessage-deflate, by the library most programs use: large messages come compressed, and may be sent so.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import WebSocket from "ws";
import { Server } from "./server.js";
import { test } from "./timed.js";

const BIG = "much the same, ".repeat(1_000);

interface Frame {
  type: string;
  id?: number;
  event?: { data: { message: string } };
}

/** Subscribes with a large frame, is told of a large event, and says how many bytes each way that took. */
async function talk(server: Server, options: WebSocket.ClientOptions) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/ws`, options);
  const frames: Frame[] = [];
  let heard = () => {};
  socket.on("message", (data) => {
    frames.push(JSON.parse(data.toString()) as Frame);
    heard();
  });
  const until = async (wanted: (frame: Frame) => boolean) => {
    while (!frames.some(wanted)) await new Promise<void>((resolve) => (heard = resolve));
    return frames.find(wanted)!;
  };
  await once(socket, "open");
  const raw = (socket as unknown as { _socket: Socket })._socket;
  const [read, written] = [raw.bytesRead, raw.bytesWritten];
  socket.send(JSON.stringify({ type: "subscribe", id: 1, topics: ["system_alerts"], comment: BIG }));
  await until((frame) => frame.type === "subscribed");
  const alert = { type: "system_alert", severity: "info", component: "test", message: BIG };
  await server.post("/api/v1/events", JSON.stringify(alert), "application/json");
  const event = await until((frame) => frame.type === "event");
  assert.equal(event.event?.data.message, BIG);
  const bytes = { read: raw.bytesRead - read, written: raw.bytesWritten - written };
  const agreed = socket.extensions;
  socket.close(1000);
  const [code] = (await once(socket, "close")) as [number];
  assert.equal(code, 1000);
  return { ...bytes, agreed };
}

test("large messages are compressed both ways for a client that offers it", async (t) => {
  const server = await Server.start();
  t.after(() => server.remove());
  const { read, written, agreed } = await talk(server, { perMessageDeflate: { threshold: 0 } });
  assert.match(agreed, /permessage-deflate/);
  assert.ok(read < BIG.length / 5, `${read} bytes came`);
  assert.ok(written < BIG.length / 5, `${written} bytes went`);
});

test("a client that does not offer it gets and sends plain messages", async (t) => {
  const server = await Server.start();
  t.after(() => server.remove());
  const { read, written, agreed } = await talk(server, { perMessageDeflate: false });
  assert.equal(agreed, "");
  assert.ok(read > BIG.length && written > BIG.length, `${read} bytes came, ${written} went`);
});
