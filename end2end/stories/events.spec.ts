import { FAILING, QUICK } from "../fixtures/playbooks";
import { agent, measurement, memory } from "../fixtures/messages";
import { goTo } from "../fixtures/screen";
import { expect, isSameDocument, live, mark, test } from "../fixtures/test";

test("every event shows as it happens, is paused and resumed", async ({ page, server }) => {
  await server.register(QUICK);
  await page.goto("/");
  await live(page);
  await mark(page);
  await goTo(page, "Events");
  const rows = page.getByRole("table", { name: "Events, newest first" }).getByRole("row");
  await expect(page.getByRole("main")).toContainText("Nothing has happened yet.");
  const id = await server.submit("stories/quick");
  await expect(rows.filter({ hasText: "execution_complete" })).toHaveCount(1);
  const events = await server.events(id);
  await expect(rows).toHaveCount(events.length + 1);
  const shown = await rows.locator("td:nth-child(1)").allTextContents();
  expect(shown.map(Number), "newest first, each once").toEqual(events.map((event) => event.position).reverse());

  await page.getByRole("button", { name: "Pause" }).click();
  await server.publish(memory("m-1"), memory("m-2"));
  await expect(page.getByRole("button", { name: "2 new" })).toBeVisible();
  await expect(rows.filter({ hasText: "memory_timeline" })).toHaveCount(0);
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(rows.filter({ hasText: "memory_timeline" })).toHaveCount(2);
  await expect(page.getByRole("button", { name: "2 new" })).toBeHidden();
  await server.publish(memory("m-3"));
  await expect(rows.filter({ hasText: "m-3" })).toHaveCount(1);
  expect(await isSameDocument(page)).toBe(true);
});

test("more than may wait is counted, and the page stays small", async ({ page, server }) => {
  await page.goto("/events");
  await live(page);
  await page.getByRole("button", { name: "Pause" }).click();
  for (let round = 0; round < 3; round += 1) {
    await server.publish(...Array.from({ length: 250 }, (_, n) => memory(`m-${round}-${n}`)));
  }
  await expect(page.getByRole("button", { name: "750 new" })).toBeVisible();
  await expect(page.getByRole("main")).toContainText("The first 250 of the new are in the log only.");
  await page.getByRole("button", { name: "Resume" }).click();
  const rows = page.getByRole("table", { name: "Events, newest first" }).locator("tbody").getByRole("row");
  await expect(rows).toHaveCount(500);
  await expect(rows.first()).toContainText("m-2-249");
  await expect(rows.last()).toContainText("m-1-0");
});

test("new events wait while one reads further down", async ({ page, server }) => {
  await server.publish(...Array.from({ length: 90 }, (_, n) => memory(`m-${n}`)));
  await page.goto("/events");
  await live(page);
  await page.evaluate(() => scrollTo(0, 600));
  await server.publish(memory("late"));
  const button = page.getByRole("button", { name: "1 new" });
  await expect(button).toHaveCount(1);
  await expect(page.getByRole("row").filter({ hasText: "late" })).toHaveCount(0);
  expect(await page.evaluate(() => scrollY), "the list did not jump").toBe(600);
  await button.click();
  await expect(page.getByRole("row").filter({ hasText: "late" })).toHaveCount(1);
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
});

test("what is in no log is named, and shows under its own topic", async ({ page, server }) => {
  const rows = page.getByRole("table", { name: "Events, newest first" }).locator("tbody").getByRole("row");
  const answer = page.getByRole("main").locator(".answer");
  await page.goto("/events");
  await live(page);
  await expect(answer).toContainText("Every event that is kept, newest first");
  await answer.getByRole("link", { name: "measurements" }).click();
  await expect(page).toHaveURL(/topic=performance_metrics/);
  await live(page);
  await expect(answer).not.toContainText("that is kept");
  await server.publish(measurement("latency", 12));
  await expect(rows.filter({ hasText: "latency" })).toHaveCount(1);
  await expect(rows.filter({ hasText: "latency" }).locator("td").first(), "it has no place in the log").toBeEmpty();
});

test("all of a kind show as they come, each once, and are there again", async ({ page, server }) => {
  const rows = page.getByRole("table", { name: "Events, newest first" }).locator("tbody").getByRole("row");
  const kinds = async () => await rows.locator("td:nth-child(3)").allTextContents();
  const logged = async () => (await rows.locator("td:first-child").allTextContents()).filter(Boolean).map(Number);
  await server.publish(agent("scout", "idle", 1));
  await page.goto("/events?topic=agent:*");
  await live(page);
  await expect(rows).toHaveCount(1);
  await server.publish(agent("archivist", "busy", 50), memory("m-1", "a letter", { agentId: "scout" }), memory("m-2"));
  await expect(rows).toHaveCount(3);
  // Two that are kept nowhere: a load, and what an agent measures.
  await server.publish(agent("scout", "idle", 87));
  await expect(rows).toHaveCount(4);
  await server.publish(measurement("latency", 12, { agentId: "scout" }), measurement("latency", 13));
  await expect(rows.filter({ hasText: "latency" })).toHaveCount(1);
  expect(await kinds()).toEqual(["performance_metric", "agent_state", "memory_timeline", "agent_state", "agent_state"]);
  expect(await logged()).toEqual([3, 2, 1]);
  await page.reload();
  await expect(rows).toHaveCount(3);
  await live(page);
  await server.publish(agent("archivist", "idle", 2));
  await expect(rows).toHaveCount(4);
  expect(await logged()).toEqual([5, 3, 2, 1]);
});

test("one event shows its envelope, what led to it and what it led to", async ({ page, server, complaints }) => {
  complaints.allow(/status of 404/);
  await server.register(FAILING);
  const id = await server.submit("stories/failing");
  await expect.poll(async () => (await server.execution(id)).outcome).toBe("failed");
  const events = (await server.events(id)) as (Awaited<ReturnType<typeof server.events>>[number] & { causation_id: string | null })[];
  const effect = events.find((event) => events.some((cause) => cause.id === event.causation_id))!;
  const cause = events.find((event) => event.id === effect.causation_id)!;

  await page.goto("/events?type=execution_complete");
  await live(page);
  await page.getByRole("link", { name: "execution_complete" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("execution_complete");
  await expect(page.getByRole("main")).toContainText("failed");

  await page.goto(`/events/${effect.position}`);
  const whole = page.getByRole("region", { name: "The whole envelope" });
  expect(JSON.parse(await whole.locator("pre").innerText())).toEqual(effect);
  const facts = page.getByRole("region", { name: "What it is" });
  await facts.getByRole("link", { name: cause.type }).first().click();
  await expect(page).toHaveURL(`/events/${cause.position}`);
  await expect(facts.getByRole("link", { name: effect.type }).first()).toHaveAttribute("href", `/events/${effect.position}`);
  await facts.getByRole("link", { name: id }).first().click();
  await expect(page.getByTestId("execution-status")).toHaveAttribute("data-status", "failed");
  await page.goto(`/events/${events.at(-1)!.position + 1_000}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Not found");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the filters, the pages, one event and a window are all there", async ({ page, server, complaints }) => {
    complaints.allow(/status of 400/);
    await server.register(QUICK);
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push(await server.submit("stories/quick", { who: `visitor ${n}` }));
    for (const id of ids) await expect.poll(async () => (await server.execution(id)).outcome).toBe("completed");
    await server.publish(...Array.from({ length: 120 }, (_, n) => memory(`m-${n}`)));
    const rows = page.getByRole("table").locator("tbody").getByRole("row");

    await page.goto("/events");
    await expect(rows).toHaveCount(100);
    await page.getByRole("link", { name: "Older" }).click();
    await expect(rows.filter({ hasText: "m-19" })).toHaveCount(1);
    await page.getByRole("link", { name: "Newest" }).click();

    await page.getByLabel("Type").fill("execution_start, execution_complete");
    await page.getByLabel("Correlation id").fill(ids[1]!);
    await page.getByLabel("From").fill("1h");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await expect(page).toHaveURL(/type=execution_start%2C\+execution_complete.*correlation_id=.*since=1h/);
    await expect(rows).toHaveCount(2);
    await expect(page.getByLabel("Correlation id")).toHaveValue(ids[1]!);
    const curl = page.locator(".copy-line code").filter({ hasText: "curl" });
    const url = /'(http[^']+)'/.exec(await curl.innerText())![1]!;
    const { events } = (await (await fetch(url)).json()) as { events: { correlation_id: string }[] };
    expect(events.map((event) => event.correlation_id), "the line asks what the page shows").toEqual([ids[1], ids[1]]);
    await expect(page.locator(".copy-line code").first()).toHaveText(
      `signalbox events --type 'execution_start, execution_complete' --correlation-id ${ids[1]} --since 1h --follow`,
    );

    await page.getByRole("link", { name: "execution_start" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("execution_start");
    await page.goto("/events?since=noon");
    await expect(page.getByTestId("form-problem")).toContainText("`noon`");
    await expect(page.getByLabel("From")).toHaveValue("noon");
    await page.goto("/events/replay?after=2&through=6");
    await expect(rows).toHaveCount(4);
  });
});

test("a window of the log is played again, step by step or at any speed", async ({ page, server }) => {
  await server.register(QUICK);
  const id = await server.submit("stories/quick");
  await expect.poll(async () => (await server.execution(id)).outcome).toBe("completed");
  const events = await server.events(id);
  const [first, last] = [events[0]!.position, events.at(-1)!.position];
  await page.goto(`/events/replay?after=${first - 1}&through=${last}`);
  await live(page);
  const rows = page.getByRole("table").locator("tbody").getByRole("row");
  const place = page.getByTestId("replay-place");
  await expect(rows).toHaveCount(events.length);
  await page.getByLabel("Place in the window").fill("1");
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText(events[0]!.type);
  await page.getByRole("button", { name: "On one" }).click();
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText(events[1]!.type);
  await page.getByRole("button", { name: "Back one" }).click();
  await expect(place).toHaveText(`1 of ${events.length}`);
  await page.getByLabel("Speed").selectOption("1000");
  await page.getByRole("button", { name: "Play" }).click();
  await expect(place).toHaveText(`${events.length} of ${events.length}`);
  await expect(page.getByRole("button", { name: "Play" })).toBeVisible();
  await page.getByLabel("Place in the window").fill("0");
  await expect(rows).toHaveCount(0);
  await page.getByLabel("Speed").selectOption("0");
  await page.getByRole("button", { name: "Play" }).click();
  await expect(rows).toHaveCount(events.length);
  const shown = await rows.locator("td:nth-child(1)").allTextContents();
  expect(shown.map(Number)).toEqual(events.map((event) => event.position).reverse());
});
