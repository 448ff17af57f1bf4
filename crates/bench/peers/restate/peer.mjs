// Restate as a peer of `bench engine`: starts the real server on loopback with its default durability, registers the
// services of this process, then runs cases as they are asked for: one JSON object per line in, one per line out.
//
//   node peer.mjs DATA_FOLDER
//   → {"ready":true,"version":"1.7.12"}
//   ← {"case":"chain","lanes":16,"steps":10,"seconds":8}
//   → {"steps":…,"executions":…,"took_s":…,"execution_ms":…,"step_p50_ms":…,"step_p99_ms":…,"flushes":…,"rss_mib":…}
//
// Ends with its input, and stops the server.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

// The SDK wants it; Node 20 has it not.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((a, b) => ((resolve = a), (reject = b)));
  return { promise, resolve, reject };
};
// A line per call costs the peer time, and standard output is ours.
process.env.RESTATE_LOGGING = "ERROR";
const { done, endpoint } = await import("./services.mjs");

const UP_MS = 60_000;
const folder = process.argv[2];
mkdirSync(folder, { recursive: true });

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const [ingress, admin, node, service] = [await freePort(), await freePort(), await freePort(), await freePort()];
const require = createRequire(import.meta.url);
const platform = `@restatedev/restate-server-${process.platform}-${process.arch}`;
const binary = join(require.resolve(`${platform}/package.json`), "../bin/restate-server");
const log = openSync(join(folder, "server.log"), "w");
const server = spawn(binary, ["--base-dir", join(folder, "data"), "--node-name", "bench", "--bind-ip", "127.0.0.1"], {
  stdio: ["ignore", log, log],
  env: {
    ...process.env,
    DO_NOT_TRACK: "1",
    RESTATE_DISABLE_TELEMETRY: "true",
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
  },
});
server.on("exit", (code) => {
  if (!stopping) {
    console.error(`restate-server ended by itself (${code}), see ${folder}/server.log`);
    process.exit(1);
  }
});
let stopping = false;

async function up(url) {
  const until = performance.now() + UP_MS;
  while (performance.now() < until) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer`);
}

async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
const call = (handler, body) => post(`http://127.0.0.1:${ingress}/${handler}`, body);

/** Flushes the disk under our folder has done, by the kernel's count; 0 where it does not tell. */
function flushes() {
  const { dev } = statSync(folder);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const lines = readFileSync("/proc/diskstats", "utf8").split("\n").map((line) => line.trim().split(/\s+/));
  const line = lines.find((words) => +words[0] === major && +words[1] === minor);
  return line ? +(line[18] ?? 0) : 0;
}

const residentMib = () => +readFileSync(`/proc/${server.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1] / 1024;

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.round((sorted.length - 1) * q)] : 0;
}

let runs = 0;
const executions = [];
async function timed(work) {
  const began = performance.now();
  await work();
  executions.push(performance.now() - began);
}

async function chain(steps) {
  const run = ++runs;
  await timed(async () => {
    const value = await call("chain/run", { run, steps });
    if (value !== steps) throw new Error(`a chain of ${steps} came to ${value}`);
  });
}

async function fan(handler, count) {
  await timed(async () => {
    const sum = await call(`fan/${handler}`, count);
    if (sum !== count * (count - 1)) throw new Error(`${count} items came to ${sum}`);
  });
}

const cases = {
  /** Lanes of chains: when one ends, the next begins. */
  async chain({ lanes, steps, until }) {
    const lane = async () => {
      while (performance.now() < until) await chain(steps);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return steps;
  },
  /** Chains submitted together; when the last has ended, again. */
  async together({ lanes, steps, until }) {
    while (performance.now() < until) await Promise.all(Array.from({ length: lanes }, () => chain(steps)));
    return steps;
  },
  async fan({ steps, until }) {
    while (performance.now() < until) await fan("steps", steps);
    return steps;
  },
  async items({ steps, until }) {
    while (performance.now() < until) await fan("items", steps);
    return steps;
  },
};

async function measure({ case: name, seconds, ...rest }) {
  const run = cases[name];
  // One that is not counted: connections and code are warm.
  await run({ ...rest, until: performance.now() + 1 });
  done.clear();
  executions.length = 0;
  const [began, flushed] = [performance.now(), flushes()];
  const each = await run({ ...rest, until: began + seconds * 1000 });
  const took = (performance.now() - began) / 1000;
  const flushedNow = flushes() - flushed;
  const steps = [];
  for (const times of done.values()) for (let i = 1; i < times.length; i++) steps.push(times[i] - times[i - 1]);
  return {
    steps: executions.length * each,
    executions: executions.length,
    took_s: took,
    execution_ms: quantile(executions, 0.5),
    step_p50_ms: quantile(steps, 0.5),
    step_p99_ms: quantile(steps, 0.99),
    flushes: flushedNow,
    rss_mib: residentMib(),
  };
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
try {
  await up(`http://127.0.0.1:${admin}/health`);
  await up(`http://127.0.0.1:${ingress}/restate/health`);
  await endpoint().listen(service);
  await post(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${service}` });
  say({ ready: true, version: require(`${platform}/package.json`).version });
  for await (const line of createInterface({ input: process.stdin })) say(await measure(JSON.parse(line)));
} finally {
  stopping = true;
  server.kill("SIGTERM");
}
process.exit(0);
