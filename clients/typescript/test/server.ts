// A real `signalbox serve` with a data folder of its own that survives a restart.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { AnyEnvelope } from "../src/index.js";

/** Of those who sign JSON Web Tokens here. */
const SECRET = "a secret of tests that is long enough";
const JWT = `jwt_secret_file = "jwt.secret"
jwt_issuer = "https://issuer.test"
jwt_audience = "box"
`;

/** One step whose data is the result: nine durable events, and five projections of them. */
const ECHO = `
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: echo, path: tests/echo}
workload: {word: hello}
workflow:
  - {step: start, next: say}
  - {step: say, type: noop, data: {word: "{{ workload.word }}"}, next: end}
  - {step: end, result: "{{ say.word }}"}
`;

export class Server {
  private child: ChildProcess | undefined;
  private said = "";
  private admin: string | undefined;
  private constructor(
    readonly folder: string,
    private readonly args: string[],
    private port = 0,
  ) {}

  /** One that lets nobody in without a token. */
  static async guarded(): Promise<Server> {
    return await Server.start("--auth", "required");
  }

  static async start(...args: string[]): Promise<Server> {
    const server = new Server(await mkdtemp(path.join(tmpdir(), "signalbox-client-")), args);
    if (args.includes("required")) {
      await writeFile(path.join(server.folder, "jwt.secret"), SECRET);
      await writeFile(path.join(server.folder, "signalbox.toml"), JWT);
    }
    await server.up();
    if (args.includes("required")) server.admin = server.token("tests", "admin");
    await server.post("/api/v1/playbooks", ECHO, "application/yaml");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it again: same data, same port. */
  async up(): Promise<void> {
    const binary = process.env.SIGNALBOX_BIN;
    if (!binary) throw new Error("SIGNALBOX_BIN names the server to test: run `cargo xtask test --only clients`");
    const env = Object.fromEntries(
      // What configures the tests must not configure the server.
      Object.entries(process.env).filter(([name]) => !name.startsWith("SIGNALBOX_") && !name.startsWith("LEPTOS_")),
    );
    env.HOME = this.folder;
    const data = path.join(this.folder, "data");
    const args = ["serve", "--listen", `127.0.0.1:${this.port}`, "--data", data, ...this.args];
    const child = spawn(binary, args, { env, cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    child.stderr?.on("data", (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-16_384)));
    this.port = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`signalbox ended with ${code} before it was ready:\n${this.said}`)));
      createInterface({ input: child.stdout! }).on("line", (line) => {
        const url = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
        if (url) resolve(Number(url[1]));
      });
    });
  }

  /** Makes an API token. */
  token(name: string, role: string): string {
    return this.command("tokens", "create", name, "--role", role).trim();
  }

  /** A JSON Web Token of ten minutes. */
  jwt(name: string, role: string): string {
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const claims = { iss: "https://issuer.test", aud: "box", sub: name, role, exp };
    const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
    return [...parts, createHmac("sha256", SECRET).update(parts.join(".")).digest("base64url")].join(".");
  }

  revoke(name: string): void {
    this.command("tokens", "revoke", name);
  }

  /** Ends it without a word, as a power cut would. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** The same port with an empty store. */
  async forget(): Promise<void> {
    await this.stop();
    await rm(path.join(this.folder, "data"), { recursive: true });
    await this.up();
    await this.post("/api/v1/playbooks", ECHO, "application/yaml");
  }

  async remove(): Promise<void> {
    await this.end("SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs the playbook once; the execution's id. */
  async run(word: unknown = "hello"): Promise<string> {
    const body = JSON.stringify({ path: "tests/echo", input: { word } });
    const { execution_id } = await this.post<{ execution_id: string }>("/api/v1/executions", body, "application/json");
    return execution_id;
  }

  /** All durable events. */
  async history(topic = "events"): Promise<AnyEnvelope[]> {
    const all: AnyEnvelope[] = [];
    for (let after: number | null = 0; after !== null; ) {
      type Page = { events: AnyEnvelope[]; next: number | null };
      const page: Page = await this.get(`/api/v1/events?topic=${encodeURIComponent(topic)}&after=${after}&limit=500`);
      all.push(...page.events);
      after = page.next;
    }
    return all;
  }

  async get<T>(where: string): Promise<T> {
    return await answer(await fetch(this.url + where, { headers: this.headers() }));
  }

  async post<T>(where: string, body: string, type: string): Promise<T> {
    return await answer(await fetch(this.url + where, { method: "POST", body, headers: this.headers(type) }));
  }

  private headers(type?: string): Record<string, string> {
    return {
      ...(type ? { "content-type": type } : {}),
      ...(this.admin ? { authorization: `Bearer ${this.admin}` } : {}),
    };
  }

  private command(...args: string[]): string {
    const env = { PATH: process.env.PATH, HOME: this.folder };
    const data = path.join(this.folder, "data");
    return execFileSync(process.env.SIGNALBOX_BIN!, [...args, "--data", data], { env, cwd: this.folder, encoding: "utf8" });
  }

  private async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
}

async function answer<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${response.url}: ${text}`);
  return JSON.parse(text) as T;
}
