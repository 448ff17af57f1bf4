// The WebSocket of wherever this runs.

/** The part of the standard's WebSocket that is used. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketConstructor = new (url: string) => Socket;

/** A server's URL leads to its socket: `http://host:1` to `ws://host:1/api/ws`. */
export function socketUrl(serverUrl: string): string {
  const url = new URL(serverUrl);
  const scheme = { "http:": "ws:", "https:": "wss:", "ws:": "ws:", "wss:": "wss:" }[url.protocol];
  if (!scheme) throw new TypeError(`serverUrl: expected http, https, ws or wss, not ${url.protocol}`);
  const path = url.pathname.replace(/\/+$/, "").replace(/\/api\/ws$/, "");
  return `${scheme}//${url.host}${path}/api/ws`;
}

/** The browser's or Node's own; in Node 20, which has none, that of the package `ws`. */
export async function socketConstructor(): Promise<SocketConstructor> {
  const own = (globalThis as { WebSocket?: unknown }).WebSocket;
  if (own) return own as SocketConstructor;
  try {
    // In a variable, so that bundlers for browsers do not look for it.
    const name = "ws";
    const { WebSocket } = (await import(name)) as { WebSocket: unknown };
    return WebSocket as SocketConstructor;
  } catch {
    throw new TypeError("there is no WebSocket here: use Node 22 or newer, `npm install ws`, or pass `webSocket`");
  }
}
