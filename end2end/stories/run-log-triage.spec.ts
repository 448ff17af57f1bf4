import { writeFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { Gate } from "../fixtures/gate";
import { ERRORS, LINES, log } from "../fixtures/log";
import { TWO_GATES } from "../fixtures/playbooks";
import { expectExecution, expectStep, goTo, run } from "../fixtures/screen";
import { expect, isSameDocument, live, mark, test } from "../fixtures/test";

test("the log triage runs on a real log, started and watched in the browser", async ({ page, server }) => {
  const file = server.file("app.log");
  await writeFile(file, log());
  await page.goto("/");
  await live(page);
  await mark(page);
  await goTo(page, "Playbooks");
  await page.getByRole("main").getByRole("link", { name: "samples/log_triage" }).click();
  const id = await run(page, { file });

  await expectExecution(page, "completed");
  expect(await isSameDocument(page)).toBe(true);
  expect((await server.websocket()).handshakes).toBe(1);

  for (const step of ["look_at_file", "group_problems", "measure_activity", "store", "show_surroundings"]) {
    await expectStep(page, step, "completed");
  }
  const { outcome, result } = await server.execution(id);
  expect(outcome).toBe("completed");
  expect(result).toMatchObject({
    file,
    verdict: "critical",
    lines: LINES,
    by_level: { critical: ERRORS.disk, error: ERRORS.timeout + ERRORS.refused },
  });
});

test("steps change without a reload, and one socket serves the whole visit", async ({ page, server }) => {
  const first = await Gate.at(server.file("first"));
  const second = await Gate.at(server.file("second"));
  await server.register(TWO_GATES);

  await page.goto("/");
  await live(page);
  await mark(page);
  await goTo(page, "Playbooks");
  await page.getByRole("main").getByRole("link", { name: "stories/two_gates" }).click();
  const id = await run(page, { first: first.path, second: second.path });

  await expectStep(page, "first", "running");
  await first.open("one");
  await expectStep(page, "first", "completed");
  await expectStep(page, "second", "running");

  // Away and back by the dashboard: it lists what runs.
  await goTo(page, "Dashboard");
  await page.getByRole("main").locator(`a[href="/executions/${id}"]`).first().click();
  await expectStep(page, "second", "running");
  await second.open("two");
  await expectStep(page, "second", "completed");
  await expectExecution(page, "completed");
  await goTo(page, "Dashboard");

  expect(await isSameDocument(page)).toBe(true);
  expect((await server.websocket()).handshakes).toBe(1);
});

test("a reload in the middle misses nothing", async ({ page, server }) => {
  const first = await Gate.at(server.file("first"));
  const second = await Gate.at(server.file("second"));
  await server.register(TWO_GATES);
  const id = await server.submit("stories/two_gates", { first: first.path, second: second.path });

  await page.goto(`/executions/${id}`);
  await live(page);
  await expectStep(page, "first", "running");
  // The page is being loaded again while the execution goes on.
  const reloaded = page.reload();
  await first.open("one");
  await reloaded;
  await expectStep(page, "second", "running");
  await second.open("two");
  await expectExecution(page, "completed");
  await expectHistory(page, (await server.events(id)).map((event) => event.position));
});

test("a server that is killed in the middle goes on, and the page with it", async ({ page, server, complaints }) => {
  complaints.allow(/ERR_CONNECTION_REFUSED|WebSocket connection/);
  const first = await Gate.at(server.file("first"));
  const second = await Gate.at(server.file("second"));
  await server.register(TWO_GATES);
  const id = await server.submit("stories/two_gates", { first: first.path, second: second.path });

  await page.goto(`/executions/${id}`);
  await live(page);
  await mark(page);
  await first.open("one");
  await expectStep(page, "second", "running");
  await server.kill();
  await server.up();
  // The step runs anew: the report of the first try died with its server.
  await live(page);
  await second.open("two");
  await expectExecution(page, "completed");
  expect(await isSameDocument(page)).toBe(true);
  const events = await server.events(id);
  expect(new Set(events.map((event) => event.position)).size).toBe(events.length);
  await expectHistory(page, events.map((event) => event.position));
});

/** The page shows each event once, in order. */
async function expectHistory(page: Page, positions: number[]): Promise<void> {
  const rows = page.locator('#events tr[id^="event-"]');
  await expect(rows).toHaveCount(positions.length);
  const shown = await rows.evaluateAll((all) => all.map((row) => Number(row.id.replace("event-", ""))));
  expect(shown).toEqual(positions);
}
