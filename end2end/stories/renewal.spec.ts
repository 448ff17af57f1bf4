import type { Page, Route } from "@playwright/test";
import { memory } from "../fixtures/messages";
import { FAILING, QUICK } from "../fixtures/playbooks";
import { expect, isSameDocument, lamp, live, mark, test } from "../fixtures/test";

/** Timers of the page stand still, as they nearly do in a tab that nobody looks at, until the story lets them go on. */
async function holdTimers(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    const real = window.setTimeout;
    const held: (() => void)[] = [];
    window.setTimeout = ((handler: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      held.push(() => real(handler, ms, ...args));
      return 0;
    }) as typeof window.setTimeout;
    Object.assign(window, {
      goOn: () => {
        window.setTimeout = real;
        held.forEach((start) => start());
      },
    });
  });
  return async () => await page.evaluate(() => (window as unknown as { goOn: () => void }).goOn());
}

/** Answers of the server to the page's own fetches of `pattern`, as the story has them. */
async function answers(page: Page, pattern: string, answer: (route: Route) => Promise<void>): Promise<void> {
  await page.route(pattern, async (route) => {
    if (route.request().resourceType() === "fetch") await answer(route);
    else await route.continue();
  });
}

test("a page that comes behind the stream has what came between, and what was about to be shown", async ({ page, server }) => {
  const frames: string[] = [];
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => void frames.push(String(payload))));
  const received = async (memory: string) => await expect.poll(() => frames.some((frame) => frame.includes(memory))).toBe(true);
  const rows = page.getByRole("table", { name: "Events, newest first" }).locator("tbody").getByRole("row");
  let wasRendered = () => {};
  const rendered = new Promise<void>((resolve) => (wasRendered = resolve));
  let letThrough = () => {};
  const mayCome = new Promise<void>((resolve) => (letThrough = resolve));
  await answers(page, "**/events?*", async (route) => {
    const response = await route.fetch();
    wasRendered();
    await mayCome;
    await route.fulfill({ response });
  });

  await server.publish(memory("m-0"));
  await page.goto("/events");
  await live(page);
  await mark(page);
  await page.getByLabel("Type").fill("memory_timeline");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await rendered;
  // The page that is still there goes on, and is shown these …
  for (let n = 1; n <= 8; n += 1) await server.publish(memory(`m-${n}`));
  await expect(rows).toHaveCount(9);
  // … and has these, when the other one comes.
  const goOn = await holdTimers(page);
  await server.publish(memory("m-9"), memory("m-10"));
  await received("m-10");
  letThrough();
  await expect(page).toHaveURL(/type=memory_timeline/);
  await received('"type":"subscribed"');
  await goOn();
  await server.publish(memory("m-11"));
  await expect(rows.filter({ hasText: "m-11" })).toHaveCount(1);
  const ids = Array.from({ length: 12 }, (_, n) => `m-${11 - n}`);
  const shown = async () => (await rows.allInnerTexts()).map((text) => /m-\d+/.exec(text)?.[0]);
  expect(await shown(), "each once, newest first").toEqual(ids);
  expect(await isSameDocument(page)).toBe(true);
  await page.reload();
  await expect(rows).toHaveCount(12);
  expect(await shown(), "as the server has them").toEqual(ids);
});

test("a page that cannot be fetched anew stays, is called stale, and is tried again until it comes", async ({ page, server, complaints }) => {
  complaints.allow(/WebSocket connection|ERR_CONNECTION|status of 503/);
  await server.register(QUICK);
  const old = await server.submit("stories/quick");
  const rows = page.getByRole("table", { name: "Executions, newest first" }).locator("tbody").getByRole("row");
  await page.goto("/executions");
  await live(page);
  await expect(rows.filter({ hasText: "Completed" })).toHaveCount(1);
  await mark(page);
  // A page of ours that says what is wrong, or none at all.
  const problem = await (await fetch(`${server.url}/nowhere`, { headers: { accept: "text/html" } })).text();
  let tries = 0;
  let isBroken = true;
  await answers(page, "**/executions", async (route) => {
    if (!isBroken) return await route.continue();
    tries += 1;
    if (tries % 2) await route.fulfill({ status: 503, contentType: "text/html; charset=utf-8", body: problem });
    else await route.abort("connectionrefused");
  });
  await server.replace();
  await expect.poll(() => tries, { timeout: 30_000 }).toBeGreaterThan(2);
  await expect(lamp(page)).toContainText("Stale since");
  await expect(page.getByRole("alert")).toContainText("The server answered 503. This page was loaded at");
  await expect(rows.locator(`a[href$="${old}"]`)).toHaveCount(1);
  // Dismissed, it does not come up again with each try.
  await page.getByRole("button", { name: "Dismiss" }).click();
  const before = tries;
  await expect.poll(() => tries).toBeGreaterThan(before);
  await expect(page.getByRole("alert")).toBeHidden();

  await server.register(FAILING);
  const fresh = await server.submit("stories/failing");
  isBroken = false;
  await expect(rows.locator(`a[href$="${fresh}"]`)).toHaveCount(1, { timeout: 20_000 });
  await expect(rows).toHaveCount(1);
  await live(page);
  expect(await isSameDocument(page)).toBe(true);
});

test("a page that the browser had kept takes no time from it", async ({ page, server, complaints }) => {
  complaints.allow(/favicon/);
  await server.register(QUICK);
  const id = await server.submit("stories/quick");
  await expect.poll(async () => (await server.execution(id)).outcome).toBe("completed");
  // The clock of the browser's machine, as it goes on while one is elsewhere.
  await page.addInitScript(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + Number(sessionStorage.getItem("later") ?? 0);
  });
  const row = page.getByRole("table", { name: "Executions, newest first" }).locator("tbody").getByRole("row");
  await page.goto("/executions");
  await live(page);
  await expect(row).toContainText(/now|s ago/);
  await page.evaluate(() => sessionStorage.setItem("later", String(10 * 60_000)));
  await page.goto("/api/v1/health");
  await page.goBack();
  await live(page);
  const bytes = () => (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).transferSize;
  expect(await page.evaluate(bytes), "it was kept").toBe(0);
  await expect(row).toContainText("10 min ago");
});
