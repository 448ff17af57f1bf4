import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { QUICK } from "../fixtures/playbooks";
import type { Server } from "../fixtures/server";
import { expect, test } from "../fixtures/test";

/** A page of somebody else, served from another port of the same machine. */
async function elsewhere(page: Page): Promise<string> {
  const html = "<!doctype html><html lang=en><title>elsewhere</title><h1>elsewhere</h1>";
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  page.once("close", () => server.close());
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/`;
}

/** What a stranger could have changed. */
async function state(server: Server) {
  const playbooks = await server.get<{ path: string; version: number }[] | { playbooks: unknown }>("/api/v1/playbooks");
  const executions = await server.get<{ executions: unknown[] }>("/api/v1/executions");
  return { playbooks, executions: executions.executions, handshakes: (await server.websocket()).handshakes };
}

test.describe("a page of another origin", () => {
  test.beforeEach(async ({ page, server, complaints }) => {
    // Chromium reports each refusal as an error: that is what this story wants.
    complaints.allow(/.*/);
    await server.register(QUICK);
    await page.goto(await elsewhere(page));
  });

  for (const type of ["application/yaml", "text/plain", "application/x-www-form-urlencoded"]) {
    test(`cannot register a playbook by fetch as ${type}`, async ({ page, server }) => {
      const before = await state(server);
      const sent = await page.evaluate(send, { url: `${server.url}/api/v1/playbooks`, type, body: QUICK.replace("quick", "stolen") });
      expect(sent).not.toContain("ok");
      expect(await state(server)).toEqual(before);
    });
  }

  for (const type of ["application/json", "text/plain"]) {
    test(`cannot run a playbook by fetch as ${type}`, async ({ page, server }) => {
      const before = await state(server);
      const body = JSON.stringify({ path: "stories/quick" });
      const sent = await page.evaluate(send, { url: `${server.url}/api/v1/executions`, type, body });
      expect(sent).not.toContain("ok");
      expect(await state(server)).toEqual(before);
    });
  }

  test("cannot make itself a user or a token", async ({ page, server }) => {
    for (const [where, made] of [["users", { role: "admin", password: "long enough" }], ["tokens", { role: "admin" }]] as const) {
      for (const type of ["application/json", "text/plain"]) {
        const body = JSON.stringify({ name: "eve", ...made });
        const sent = await page.evaluate(send, { url: `${server.url}/api/v1/${where}`, type, body });
        expect(sent).not.toContain("ok");
      }
      expect(await server.get(`/api/v1/${where}`)).toEqual([]);
    }
  });

  test("cannot post our forms", async ({ page, server }) => {
    const before = await state(server);
    for (const where of ["/api/sf/register_playbook", "/api/sf/run_playbook", "/api/v1/playbooks", "/api/v1/executions"]) {
      for (const enctype of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]) {
        const answered = page.waitForResponse((response) => response.url().startsWith(server.url));
        await page.evaluate(post, { url: server.url + where, enctype, source: QUICK.replace("quick", "stolen") });
        expect((await answered).status(), `${where} as ${enctype}`).toBeGreaterThanOrEqual(400);
      }
    }
    expect(await state(server)).toEqual(before);
  });

  test("cannot open the socket", async ({ page, server }) => {
    const outcome = await page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve("open");
          socket.onerror = () => resolve("refused");
        }),
      `${server.url.replace("http", "ws")}/api/ws`,
    );
    expect(outcome).toBe("refused");
    expect((await server.websocket()).handshakes).toBe(0);
  });

  test("cannot read what the API answers", async ({ page, server }) => {
    const read = await page.evaluate(async (url) => {
      try {
        return await (await fetch(url)).text();
      } catch {
        return "refused";
      }
    }, `${server.url}/api/v1/playbooks`);
    expect(read).toBe("refused");
  });

  test("cannot put us into a frame", async ({ page, server }) => {
    await page.evaluate((url) => {
      const frame = document.createElement("iframe");
      frame.src = url;
      document.body.append(frame);
      return new Promise((resolve) => frame.addEventListener("load", resolve));
    }, server.url);
    const texts = await Promise.all(page.frames().slice(1).map((frame) => frame.locator("body").innerText()));
    expect(texts.join()).not.toContain("Playbooks");
  });
});

test("a foreign name that leads to this machine is refused", async ({ page, server, complaints }) => {
  complaints.allow(/.*/);
  const port = new URL(server.url).port;
  const response = await page.goto(`http://rebound.example:${port}/`);
  expect(response?.status()).toBeGreaterThanOrEqual(400);
  await expect(page.getByRole("navigation")).toHaveCount(0);
});

/** Runs in the page. `no-cors` is what a form could do as well. */
async function send({ url, type, body }: { url: string; type: string; body: string }): Promise<string[]> {
  const outcomes: string[] = [];
  for (const mode of ["cors", "no-cors"] as const) {
    try {
      const response = await fetch(url, { method: "POST", mode, body, headers: { "content-type": type } });
      outcomes.push(response.ok ? "ok" : response.type);
    } catch {
      outcomes.push("refused");
    }
  }
  return outcomes;
}

/** Runs in the page. Into a frame, so that the page stays. */
function post({ url, enctype, source }: { url: string; enctype: string; source: string }): void {
  const frame = document.createElement("iframe");
  frame.name = `frame-${frames.length}`;
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: url, enctype, target: frame.name });
  for (const [name, value] of Object.entries({ source, path: "stories/quick", input: "{}", version: "1" })) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(frame, form);
  form.submit();
}
