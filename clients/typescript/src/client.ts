// One connection at a time, for as long as the client lives.

import { Backoff, isTerminal } from "./backoff.js";
import { type ClientConfig, type Clock, type Handlers, realClock } from "./config.js";
import { isDisconnected, SignalboxError } from "./errors.js";
import type {
  Authenticated,
  Envelope,
  Hello,
  Message,
  Messages,
  Published,
  ServerFrame,
  Subscribed,
  Unstamped,
  Untyped,
} from "./messages.js";
import { asRequests, Positions, type TopicRequest } from "./positions.js";
import { Renewal } from "./renewal.js";
import { type Fields, Requests } from "./requests.js";
import { Resuming } from "./resuming.js";
import { Subscribing } from "./subscribing.js";
import { type Socket, type SocketConstructor, socketConstructor, socketUrl } from "./socket.js";
import { Teller } from "./teller.js";

/** A server that has not said hello so long after it was called is given up. */
const WELCOME_MS = 10_000;
/** Silence after which the server is asked whether it is there; after as much again it is not. */
const SILENCE_MS = 25_000;

export type State = "connecting" | "open" | "waiting" | "closed";

export class SignalboxClient {
  /** `open`: the server has answered. `waiting`: for the next try. `closed`: for good. */
  state: State = "waiting";
  private readonly url: string;
  private readonly clock: Clock;
  private readonly backoff: Backoff;
  private readonly positions = new Positions();
  private readonly requests = new Requests();
  private readonly renewal: Renewal;
  private readonly resuming: Resuming;
  private readonly subscribing: Subscribing;
  private readonly debug: ((line: string) => void) | null;
  private readonly teller: Teller;
  private socket: Socket | null = null;
  private hello: Hello | null = null;
  private reconnectAfterMs = 0;
  private refusals = 0;
  /** The server could not say whether the last token is good. */
  private isPutOff = false;
  private problem = "";
  private heardAt = 0;
  private asked = false;
  private timers: { retry?: unknown; silence?: unknown; welcome?: unknown } = {};

  /** Connects at once. */
  constructor(
    private readonly config: ClientConfig,
    handlers: Handlers = {},
  ) {
    this.teller = new Teller(handlers, (line) => this.say(line));
    this.url = socketUrl(config.serverUrl);
    this.clock = config.clock ?? realClock;
    this.backoff = new Backoff(config.reconnect || {}, this.clock.random);
    this.renewal = new Renewal(this.clock, () => this.authenticate(), (error) => this.teller.report(error));
    const ask = (frame: Fields) => (this.hello ? this.ask(frame) : null);
    const sleep = (ms: number) => new Promise<void>((resolve) => this.clock.setTimeout(resolve, ms));
    const frameBytes = () => this.hello?.limits.frame_bytes;
    const report = (error: unknown) => this.teller.report(error);
    this.resuming = new Resuming(this.positions, ask, frameBytes, sleep, report);
    this.subscribing = new Subscribing(this.positions, (frame) => this.ask(frame), frameBytes, sleep, report);
    const { debug } = config;
    this.debug = typeof debug === "function" ? debug : debug ? (line) => console.debug(`[signalbox] ${line}`) : null;
    for (const request of asRequests(config.subscriptions?.rooms ?? [])) this.positions.want(request);
    void this.connect();
  }

  /** Resolves when each topic is subscribed: from here on, or from `after`, its events come. Idempotent. */
  subscribe(topics: string | TopicRequest | (string | TopicRequest)[]): Promise<Subscribed[]> {
    return this.subscribing.subscribe(asRequests(topics));
  }

  unsubscribe(topics: string | string[]): Promise<void> {
    return this.subscribing.unsubscribe([topics].flat());
  }

  /** Calls a method of the API, as REST does (docs/api.md). Rejects with a `SignalboxError`. */
  async call<Result = unknown>(method: string, params: Fields = {}): Promise<Result> {
    return (await this.ask({ type: "command", method, params })) as Result;
  }

  /**
   * Publishes a message; resolves when it is durable, or taken in if it is of a kind that is not kept.
   * When the connection breaks before the answer it rejects with `disconnected`: the message may be there or not.
   */
  async publish(message: Message): Promise<Published> {
    return (await this.ask({ type: "publish", message })) as Published;
  }

  broadcastAgentState(state: Unstamped<Messages["agent_state"]>): Promise<Published> {
    return this.publish({ type: "agent_state", ...state });
  }

  broadcastPerformanceMetric(metric: Unstamped<Messages["performance_metric"]>): Promise<Published> {
    return this.publish({ type: "performance_metric", ...metric });
  }

  broadcastWorkflowExecution(update: Unstamped<Messages["workflow_execution"]>): Promise<Published> {
    return this.publish({ type: "workflow_execution", ...update });
  }

  broadcastMemoryTimeline(memory: Unstamped<Messages["memory_timeline"]>): Promise<Published> {
    return this.publish({ type: "memory_timeline", ...memory });
  }

  broadcastSystemAlert(alert: Unstamped<Messages["system_alert"]>): Promise<Published> {
    return this.publish({ type: "system_alert", ...alert });
  }

  /** Sends a fresh token over the connection there is. Done by itself before a token expires. */
  async authenticate(): Promise<Authenticated> {
    const token = await this.token();
    if (token === undefined) throw new TypeError("the client was made without a token");
    return (await this.ask({ type: "authenticate", token })) as Authenticated;
  }

  /** The topics wanted, each with the position it has: what another client's `subscriptions.rooms` goes on from. */
  snapshot(): TopicRequest[] {
    return this.positions.snapshot();
  }

  /** Ends it for good. */
  close(): void {
    this.end("close() was called", 1000, "");
  }

  /** The same, in S1's word. */
  disconnect(): void {
    this.close();
  }

  private async connect(): Promise<void> {
    this.state = "connecting";
    this.say(`connecting to ${this.url}`);
    let socket: Socket;
    let token: string | undefined;
    try {
      const constructor: SocketConstructor = this.config.webSocket ?? (await socketConstructor());
      token = await this.token();
      if (this.isClosed()) return;
      socket = new constructor(this.url);
    } catch (error) {
      this.teller.report(error);
      if (error instanceof TypeError) return this.end(error.message, 1006, error.message);
      return this.lost(1006, String(error));
    }
    this.socket = socket;
    this.timers.welcome = this.clock.setTimeout(() => this.giveUp("the server does not say hello"), WELCOME_MS);
    this.reconnectAfterMs = 0;
    this.isPutOff = false;
    this.problem = "";
    socket.onopen = () => {
      if (token !== undefined) this.introduce(token);
    };
    socket.onmessage = (event: { data: unknown }) => {
      if (socket === this.socket) this.received(String(event.data));
    };
    socket.onerror = (event: { message?: unknown }) => {
      if (socket === this.socket && typeof event.message === "string") this.problem = event.message;
    };
    socket.onclose = (event: { code: number; reason: string }) => {
      if (socket === this.socket) this.lost(event.code, event.reason || this.problem);
    };
  }

  /** The first frame, before anything is asked. */
  private introduce(token: string): void {
    const frame = { type: "authenticate", token };
    this.requests.ask(frame, (frame) => this.send(frame)).catch((error: unknown) => {
      if (!isDisconnected(error)) this.teller.report(error);
    });
  }

  private received(text: string): void {
    this.heardAt = this.clock.now();
    this.asked = false;
    this.say(`← ${text.length > 500 ? `${text.slice(0, 500)}…` : text}`);
    const frame = JSON.parse(text) as ServerFrame;
    switch (frame.type) {
      case "hello":
        return this.welcomed(frame);
      case "subscribed":
        for (const topic of frame.topics) this.positions.subscribed(topic, this.hello?.epoch ?? "");
        this.requests.answered(frame.id, frame.topics);
        return;
      case "unsubscribed":
        if (frame.id === undefined) this.resuming.hidden(frame.topics);
        else this.requests.answered(frame.id, undefined);
        return;
      case "event":
        return this.happened(frame.event, this.positions.news(frame.topics, frame.event.position));
      case "performance_metrics":
        if (this.positions.news(frame.topics, null).length > 0) this.measured(frame.metrics);
        return;
      case "gap":
        this.positions.gap(frame, this.hello?.epoch ?? "");
        return this.teller.tell("onGap", { topic: frame.topic, from: frame.from, to: frame.to, reason: frame.reason });
      case "reply":
        this.requests.answered(frame.id, frame.result);
        return;
      case "published":
        this.requests.answered(frame.id, { position: frame.position });
        return;
      case "authenticated":
        return this.authenticated(frame);
      case "error": {
        const error = new SignalboxError(frame.code, frame.message, frame.temporary);
        if (this.requests.kind(frame.id) === "authenticate") this.isPutOff = error.temporary;
        if (!this.requests.failed(frame.id, error)) this.teller.report(error);
        return;
      }
      case "draining":
        this.reconnectAfterMs = frame.reconnect_after_ms;
        return;
      default:
        // A pong, the end of a catch-up, or a frame of a newer server.
        return;
    }
  }

  private welcomed({ epoch, client, limits }: Hello): void {
    this.clock.clearTimeout(this.timers.welcome);
    this.state = "open";
    this.hello = { epoch, client, limits };
    this.backoff.reset();
    this.watch();
    // Before whatever waited.
    void this.resuming.all();
    this.requests.connected((frame) => this.send(frame));
    this.teller.tell("onConnect", this.hello);
  }

  private authenticated({ id, name, role, expires_at }: Authenticated & { id?: number | string }): void {
    this.refusals = 0;
    this.isPutOff = false;
    const identity: Authenticated = { name, role, ...(expires_at === undefined ? {} : { expires_at }) };
    this.requests.answered(id, identity);
    if (expires_at !== undefined && typeof this.config.token === "function") this.renewal.before(expires_at);
    else this.renewal.stop();
    this.teller.tell("onAuthenticated", identity);
  }

  private happened(event: Envelope, topics: string[]): void {
    if (topics.length === 0) return;
    this.teller.tell("onEvent", event, topics);
    const { type } = event;
    switch (type) {
      case "agent_state":
        return this.teller.tell("onAgentState", { type, ...event.data }, event);
      case "performance_metric":
        return this.measured([event.data]);
      case "workflow_execution":
        return this.teller.tell("onWorkflowExecution", { type, ...event.data }, event);
      case "memory_timeline":
        return this.teller.tell("onMemoryTimeline", { type, ...event.data }, event);
      case "system_alert":
        return this.teller.tell("onSystemAlert", { type, ...event.data }, event);
    }
  }

  private measured(metrics: Untyped<Messages["performance_metric"]>[]): void {
    this.teller.tell("onPerformanceMetrics", metrics.map((metric) => ({ type: "performance_metric", ...metric })));
  }

  /** The connection is gone, or was never there. */
  private lost(code: number, reason: string): void {
    this.socket = null;
    this.hello = null;
    this.stopTimers();
    this.positions.disconnected();
    this.requests.disconnected();
    if (this.isClosed()) return;
    // A token that is fetched anew may be better than the one before: once.
    const renewable =
      code === 4401 && (this.isPutOff || (typeof this.config.token === "function" && ++this.refusals < 2));
    // The package `ws` tells the status of a refused handshake; browsers do not.
    const refused = /Unexpected server response: 4(?!08|29)/.test(reason);
    if (this.config.reconnect === false || refused || (isTerminal(code) && !renewable)) {
      return this.end(`${code} ${reason}`.trim(), code, reason);
    }
    const retryMs = this.backoff.pauseMs(this.reconnectAfterMs);
    this.state = "waiting";
    this.say(`closed with ${code} ${reason}; next try in ${Math.round(retryMs)} ms`);
    this.timers.retry = this.clock.setTimeout(() => void this.connect(), retryMs);
    this.teller.tell("onDisconnect", { code, reason, retryMs });
  }

  private end(why: string, code: number, reason: string): void {
    if (this.isClosed()) return;
    this.state = "closed";
    this.say(`closed: ${why}`);
    this.stopTimers();
    const socket = this.socket;
    this.socket = null;
    this.hello = null;
    socket?.close(1000);
    this.positions.disconnected();
    this.requests.closed(SignalboxError.closed(why));
    this.teller.tell("onDisconnect", { code, reason, retryMs: null });
  }

  /** Browsers do not tell of the server's pings: after some silence we ask. */
  private watch(): void {
    this.heardAt = this.clock.now();
    this.clock.clearTimeout(this.timers.silence);
    const look = () => {
      if (this.clock.now() - this.heardAt >= SILENCE_MS) {
        if (this.asked) return this.giveUp("the server does not answer");
        this.asked = true;
        this.send({ type: "ping" });
      }
      this.timers.silence = this.clock.setTimeout(look, SILENCE_MS);
    };
    this.timers.silence = this.clock.setTimeout(look, SILENCE_MS);
  }

  private giveUp(why: string): void {
    const socket = this.socket;
    this.lost(1006, why);
    socket?.close();
  }

  private stopTimers(): void {
    for (const timer of Object.values(this.timers)) this.clock.clearTimeout(timer);
    this.timers = {};
    this.renewal.stop();
    this.asked = false;
  }

  private ask(fields: Fields): Promise<unknown> {
    if (this.isClosed()) return Promise.reject(SignalboxError.closed("it does not connect any more"));
    return this.requests.ask(fields, this.hello ? (frame) => this.send(frame) : null);
  }

  private send(frame: Fields): void {
    this.say(`→ ${frame.type === "authenticate" ? '{"type":"authenticate",…}' : JSON.stringify(frame)}`);
    this.socket?.send(JSON.stringify(frame));
  }

  private async token(): Promise<string | undefined> {
    const { token } = this.config;
    return typeof token === "function" ? await token() : token;
  }

  private isClosed(): boolean {
    return this.state === "closed";
  }

  private say(line: string): void {
    this.debug?.(line);
  }
}
