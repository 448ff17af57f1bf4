// Frames that wait for their answer.

import { SignalboxError } from "./errors.js";

/** Requests that wait for a connection; one more is refused, so that a long absence fills no memory. */
const WAITING = 1_000;

export type Fields = Record<string, unknown>;

interface Request {
  fields: Fields;
  sent: boolean;
  resolve(answer: unknown): void;
  reject(error: SignalboxError): void;
}

export class Requests {
  private readonly open = new Map<number, Request>();
  private last = 0;

  /** `send` is told to send it now, or not: then it goes out with the next connection. */
  ask(fields: Fields, send: ((frame: Fields) => void) | null): Promise<unknown> {
    if (!send && this.open.size >= WAITING) {
      const full = `${WAITING} requests wait for a connection already`;
      return Promise.reject(new SignalboxError("too_many_waiting", full, true));
    }
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      this.open.set(id, { fields, sent: send !== null, resolve, reject });
      send?.({ ...fields, id });
    });
  }

  /** What the request of this id is, while it waits for its answer. */
  kind(id: unknown): unknown {
    return typeof id === "number" ? this.open.get(id)?.fields.type : undefined;
  }

  answered(id: unknown, answer: unknown): boolean {
    const request = this.take(id);
    request?.resolve(answer);
    return request !== undefined;
  }

  failed(id: unknown, error: SignalboxError): boolean {
    const request = this.take(id);
    request?.reject(error);
    return request !== undefined;
  }

  /** A connection is there: sends what waited for one. */
  connected(send: (frame: Fields) => void): void {
    for (const [id, request] of this.open) {
      if (request.sent) continue;
      request.sent = true;
      send({ ...request.fields, id });
    }
  }

  /** The connection is gone: nobody knows whether what was sent was done. */
  disconnected(): void {
    for (const [id, request] of this.open) {
      if (!request.sent) continue;
      this.open.delete(id);
      request.reject(SignalboxError.disconnected());
    }
  }

  closed(error: SignalboxError): void {
    for (const request of this.open.values()) request.reject(error);
    this.open.clear();
  }

  private take(id: unknown): Request | undefined {
    if (typeof id !== "number") return undefined;
    const request = this.open.get(id);
    this.open.delete(id);
    return request;
  }
}
