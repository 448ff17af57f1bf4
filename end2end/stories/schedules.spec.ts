import { QUICK } from "../fixtures/playbooks";
import { expectExecution, goTo } from "../fixtures/screen";
import { expect, live, test } from "../fixtures/test";

test("a schedule is made, fires, is paused and taken away", async ({ page, server }) => {
  await server.register(QUICK);
  await page.goto("/");
  await live(page);
  await goTo(page, "Schedules");
  await page.getByRole("link", { name: "New schedule" }).first().click();
  await page.getByRole("textbox", { name: "Name" }).fill("every-second");
  await page.getByLabel("Playbook").fill("stories/quick");
  await page.getByLabel("When").fill("* * * * * *");
  await page.getByLabel("Time zone").fill("Europe/Berlin");
  await page.getByLabel("Input, as JSON").fill('{"who": "the clock"}');
  await page.getByLabel("Version").fill("1");
  await page.getByRole("button", { name: "Create schedule" }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("every-second");
  await expect(page.getByRole("region", { name: "Next times" }).getByRole("row")).toHaveCount(5);
  // A change of one field leaves the others, the version among them; without one, it is the newest again.
  await page.getByLabel("Time zone").fill("UTC");
  await page.getByRole("button", { name: "Save" }).click();
  // The page as it comes back from saving; "version 1" stood there before.
  await expect(page.getByRole("main")).toContainText("* * * * * * UTC");
  await expect(page.getByRole("main")).toContainText("version 1");
  const versions = async () => {
    const { version, timezone } = await server.get<{ version: number | null; timezone: string }>("/api/v1/schedules/every-second");
    return { version, timezone };
  };
  expect(await versions()).toEqual({ version: 1, timezone: "UTC" });
  await page.getByLabel("Version").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("main")).not.toContainText("version 1");
  expect(await versions()).toEqual({ version: null, timezone: "UTC" });
  await goTo(page, "Executions");
  const started = page.getByRole("main").getByRole("link", { name: "stories/quick" });
  await expect(started.first()).toBeVisible();

  await goTo(page, "Schedules");
  const row = page.getByRole("row", { name: /every-second/ });
  await row.getByRole("button", { name: "Pause every-second" }).click();
  await expect(row).toContainText("Paused");
  const count = async () => {
    const answer = await page.request.get("/api/v1/executions?path=stories/quick&limit=500");
    return ((await answer.json()) as { executions: unknown[] }).executions.length;
  };
  const paused = await count();
  await row.getByRole("button", { name: "Run now: every-second" }).click();
  await expectExecution(page, "completed");
  // The one that was asked for, and none by the clock.
  expect(await count()).toBe(paused + 1);

  await goTo(page, "Schedules");
  await page.getByRole("link", { name: "every-second" }).click();
  await page.locator("summary", { hasText: "Delete" }).click();
  await page.getByRole("button", { name: "Delete every-second" }).click();
  await expect(page.getByRole("main")).toContainText("Nothing starts by itself yet.");
});

test("a schedule that cannot be is refused beside what was entered", async ({ page, server, complaints }) => {
  complaints.allow(/status of 422/);
  await server.register(QUICK);
  await page.goto("/schedules/new?path=stories/quick");
  await live(page);
  await page.getByRole("textbox", { name: "Name" }).fill("never");
  await page.getByLabel("When").fill("61 * * * *");
  await page.getByRole("button", { name: "Create schedule" }).click();
  await expect(page.getByTestId("form-problem")).toContainText(/cron/i);
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("never");
  await expect(page.getByLabel("Playbook")).toHaveValue("stories/quick");
  await expect(page.getByLabel("When")).toHaveValue("61 * * * *");
  await page.getByLabel("When").fill("0 6 * * 1-5");
  await page.getByRole("button", { name: "Create schedule" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("never");
});
