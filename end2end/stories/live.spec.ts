import type { Page } from "@playwright/test";
import { memory } from "../fixtures/messages";
import { QUICK } from "../fixtures/playbooks";
import { Server } from "../fixtures/server";
import { expect, isSameDocument, lamp, live, mark, test } from "../fixtures/test";
import { Wire } from "../fixtures/wire";

/** Notes every word the lamp shows from now on. */
async function watchLamp(page: Page): Promise<() => Promise<string[]>> {
  await lamp(page).evaluate((element) => {
    const words: string[] = [];
    Object.assign(window, { lampWords: words });
    const note = () => {
      const word = element.querySelector(".lamp-word")?.textContent ?? "";
      if (words.at(-1) !== word) words.push(word);
    };
    new MutationObserver(note).observe(element, { subtree: true, childList: true, characterData: true });
  });
  return async () => await page.evaluate(() => (window as unknown as { lampWords: string[] }).lampWords);
}

const rows = (page: Page) => page.getByRole("table", { name: "Executions, newest first" }).locator("tbody").getByRole("row");

test("what was missed while the wire was cut comes in full, and the lamp tells", async ({ page, complaints }) => {
  complaints.allow(/WebSocket connection|ERR_/);
  const server = await Server.start("--hosts", "127.0.0.1");
  const wire = await Wire.to(server);
  try {
    await server.register(QUICK);
    await page.goto(`${wire.url}/executions`);
    await live(page);
    await mark(page);
    const words = await watchLamp(page);
    wire.cut();
    await expect(lamp(page)).toContainText(/Reconnecting|Stale since/);
    const ids: string[] = [];
    for (let n = 0; n < 40; n += 1) ids.push(await server.submit("stories/quick"));
    for (const id of ids) await expect.poll(async () => (await server.execution(id)).outcome).toBe("completed");
    await expect(rows(page)).toHaveCount(0);
    wire.mend();
    await live(page);
    await expect(rows(page)).toHaveCount(40);
    await expect(rows(page).filter({ hasText: "Completed" })).toHaveCount(40);
    const links = await rows(page).locator(".execution-path a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
    expect(links, "each once, newest first").toEqual(ids.map((id) => `/executions/${id}`).reverse());
    expect((await words()).filter((word) => /^Catching up \d+$/.test(word)).length, (await words()).join(", ")).toBeGreaterThan(0);
    expect(await isSameDocument(page)).toBe(true);
  } finally {
    await wire.remove();
    await server.remove();
  }
});

test("topics that are refused for now are asked for again", async ({ page, server, complaints }) => {
  complaints.allow(/the server refused: rate_limited/);
  await server.register(QUICK);
  let refused = 0;
  await page.routeWebSocket(/\/api\/ws$/, (wire) => {
    const onwards = wire.connectToServer();
    wire.onMessage((text) => {
      if (refused > 0 || (JSON.parse(`${text}`) as { type: string }).type !== "subscribe") return onwards.send(text);
      refused += 1;
      wire.send(JSON.stringify({ type: "error", code: "rate_limited", message: "too fast", temporary: true }));
    });
  });
  await page.goto("/executions");
  await expect.poll(() => refused).toBe(1);
  await server.submit("stories/quick");
  await expect(rows(page)).toHaveCount(1);
  await live(page);
});

test("a page whose log is another one now is fetched anew, and the lamp says so meanwhile", async ({ page, server, complaints }) => {
  complaints.allow(/WebSocket connection|ERR_CONNECTION_REFUSED/);
  await server.register(QUICK);
  const old = await server.submit("stories/quick");
  await page.goto("/executions");
  await live(page);
  await mark(page);
  await expect(rows(page)).toHaveCount(1);
  // The new page waits until the lamp was looked at.
  let let_through = () => {};
  const seen = new Promise<void>((resolve) => (let_through = resolve));
  await page.route("**/executions", async (route) => {
    await seen;
    await route.continue();
  });
  await server.replace();
  await expect(lamp(page)).toContainText("Fetching anew", { timeout: 30_000 });
  await server.register(QUICK);
  const fresh = await server.submit("stories/quick");
  let_through();
  await live(page);
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).locator(`a[href$="${fresh}"]`)).toHaveCount(1);
  await expect(rows(page).locator(`a[href$="${old}"]`)).toHaveCount(0);
  expect(await isSameDocument(page)).toBe(true);
  // And it goes on from there.
  await server.submit("stories/quick");
  await expect(rows(page)).toHaveCount(2);
});

test("events that were pruned while the page was away are a gap, which is mended", async ({ page, server, complaints }) => {
  complaints.allow(/WebSocket connection|ERR_CONNECTION_REFUSED/);
  await server.register(QUICK);
  await page.goto("/executions");
  await live(page);
  await mark(page);
  const words = await watchLamp(page);
  await server.stop();
  const run = async () => {
    const lines = (await server.command("run", "stories/quick", "--json")).trim().split("\n");
    return (JSON.parse(lines.at(-1)!) as { execution_id: string }).execution_id;
  };
  const pruned = await run();
  const kept = await run();
  await server.command("prune", "--days", "0");
  await server.up();
  await live(page);
  // The newest execution stays; the other's events are gone, and nothing pretends that they are not.
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).locator(`a[href$="${kept}"]`)).toHaveCount(1);
  await expect(rows(page).locator(`a[href$="${pruned}"]`)).toHaveCount(0);
  expect((await words()).join(", ")).toContain("Fetching anew");
  expect(await isSameDocument(page)).toBe(true);
});

test("the lamp says that what was missed is still to come until the server says it is there", async ({ page, complaints }) => {
  complaints.allow(/WebSocket connection|ERR_/);
  const server = await Server.start("--hosts", "127.0.0.1");
  const wire = await Wire.to(server);
  // What the server says at the end is on its way until the story lets it through.
  let letThrough = () => {};
  const mayCome = new Promise<void>((resolve) => (letThrough = resolve));
  await page.routeWebSocket(/\/api\/ws$/, (socket) => {
    const far = socket.connectToServer();
    far.onMessage(async (message) => {
      if (String(message).startsWith('{"type":"caught_up"')) await mayCome;
      socket.send(message);
    });
  });
  try {
    await page.goto(`${wire.url}/alerts`);
    await live(page);
    wire.cut();
    await expect(lamp(page)).toContainText(/Reconnecting|Stale since/);
    // Nothing of it is of the page's topic.
    await server.publish(memory("m-1"), memory("m-2"), memory("m-3"));
    wire.mend();
    await expect(lamp(page)).toContainText("Catching up 3");
    letThrough();
    await live(page);
  } finally {
    await wire.remove();
    await server.remove();
  }
});
