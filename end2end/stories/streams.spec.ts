import { agent, alert, memory } from "../fixtures/messages";
import { QUICK } from "../fixtures/playbooks";
import { goTo } from "../fixtures/screen";
import { expect, isSameDocument, live, mark, test } from "../fixtures/test";

test("agents are shown as they said last, changes and measurements alike", async ({ page, server }) => {
  await server.publish(agent("scout", "idle", 1), agent("archivist", "busy", 55, "sorts the letters"));
  await page.goto("/");
  await live(page);
  await mark(page);
  await goTo(page, "Agents");
  const rows = page.getByRole("table", { name: "Agents by name" }).locator("tbody").getByRole("row");
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("Busy");
  await expect(rows.first()).toContainText("sorts the letters");
  await expect(rows.last()).toContainText("Idle");
  await server.publish(agent("scout", "error", 2, "looks around"));
  await expect(rows.last()).toContainText("Error");
  await expect(rows.last()).toContainText("looks around");
  // The same state with another load is a measurement: shown, not kept.
  await server.publish(agent("scout", "error", 87, "looks around"));
  await expect(rows.last()).toContainText("87 %");
  await server.publish(agent("novice", "idle", 3));
  await expect(rows).toHaveCount(3);
  await expect(page.getByRole("main")).toContainText("3 known, 1 at work, 1 in trouble, 0 offline.");
  await rows.filter({ hasText: "scout" }).getByRole("link", { name: "scout" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Events");
  await expect(page.getByRole("table").locator("tbody").getByRole("row").filter({ hasText: "agent_state" })).toHaveCount(2);
  expect(await isSameDocument(page)).toBe(true);
});

test("alerts come as they are raised, wait while paused, and are kept", async ({ page, server }) => {
  await page.goto("/alerts");
  await live(page);
  await expect(page.getByRole("main")).toContainText("Nothing is wrong.");
  const rows = page.getByRole("table", { name: "Alerts, newest first" }).locator("tbody").getByRole("row");
  await server.publish(alert("warning", "it is slow"));
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText("Warning");
  await page.getByRole("button", { name: "Pause" }).click();
  await server.publish(alert("critical", "it is gone"));
  await expect(page.getByRole("button", { name: "1 new" })).toBeVisible();
  await expect(rows).toHaveCount(1);
  await page.getByRole("button", { name: "1 new" }).click();
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("Critical");
  await page.reload();
  await expect(rows).toHaveCount(2);
  await page.getByRole("link", { name: "it is gone" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("system_alert");
});

test("an empty page says so until something comes, shown or waiting", async ({ page, server }) => {
  await server.register(QUICK);
  const places: [string, string, () => Promise<unknown>][] = [
    ["/alerts", "Nothing is wrong.", () => server.publish(alert("warning", "it is slow"))],
    ["/memory", "No agent has remembered anything yet.", () => server.publish(memory("m-1"))],
    ["/agents", "No agent has said anything yet.", () => server.publish(agent("scout", "idle", 1))],
    ["/events?type=execution_start", "No event matches.", () => server.submit("stories/quick")],
    ["/executions?path=stories%2Fother", "No execution matches.", async () => {
      await server.register(QUICK.replace("path: stories/quick", "path: stories/other"));
      await server.submit("stories/other");
    }],
  ];
  for (const [place, words, happens] of places) {
    await page.goto(place);
    await live(page);
    await expect(page.getByText(words)).toBeVisible();
    if (place === "/alerts") await page.getByRole("button", { name: "Pause" }).click();
    await happens();
    if (place === "/alerts") {
      await expect(page.getByRole("button", { name: "1 new" })).toBeVisible();
      await expect(page.getByText(words)).toBeHidden();
      await page.getByRole("button", { name: "Resume" }).click();
    }
    await expect(page.getByRole("table").locator("tbody").getByRole("row")).toHaveCount(1);
    await expect(page.getByText(words)).toBeHidden();
  }
});

test("the dashboard's charts move on with what servers measure", async ({ page, server }) => {
  await page.goto("/");
  await live(page);
  const chart = page.getByRole("region", { name: "This server" }).getByRole("figure").filter({ hasText: "Events per second" });
  // Every few seconds the server measures itself; another one of the same store tells of a great day.
  await server.publish({
    type: "performance_metric",
    metricName: "event_rate",
    value: 8_000_000,
    unit: "events/s",
    category: "database",
    metadata: { server: "another" },
  });
  await expect(chart).toContainText(/peak [248],000,0\d\d/);
  await expect(chart.locator("path").last()).toHaveAttribute("d", /^M/);
  await expect(page.getByRole("figure").filter({ hasText: "CPU" }).locator(".chart-last")).toHaveText(/^\d+ %$/);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("agents, memory and alerts are there, page by page", async ({ page, server }) => {
    await server.publish(agent("scout", "busy", 12, "walks"));
    const remembered = (_: unknown, n: number) => memory(`m-${n}`, `remembers ${n}`, { tags: ["letters"], agentId: "scout" });
    await server.publish(...Array.from({ length: 130 }, remembered));
    await server.publish(alert("error", "it is broken"));
    await page.goto("/agents");
    await expect(page.getByRole("row").filter({ hasText: "scout" })).toContainText("walks");
    await page.goto("/alerts");
    await expect(page.getByRole("row").filter({ hasText: "it is broken" })).toContainText("Error");
    await page.goto("/memory");
    const rows = page.getByRole("table").locator("tbody").getByRole("row");
    await expect(rows).toHaveCount(100);
    await expect(rows.first()).toContainText("remembers 129");
    await expect(rows.first()).toContainText("letters");
    await page.getByRole("link", { name: "Older" }).click();
    await expect(rows).toHaveCount(30);
    await expect(rows.last()).toContainText("remembers 0");
  });
});
