import { DIVIDING, FAILING, QUICK } from "../fixtures/playbooks";
import { expect, live, test } from "../fixtures/test";

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    test("the list says which of when and of whom, by keyboard, and the address keeps it", async ({ page, server, complaints }) => {
      complaints.allow(/status of 400/);
      await server.register(DIVIDING);
      const first = await server.submit("stories/dividing");
      await expect.poll(async () => (await server.execution(first)).outcome).toBe("failed");
      const again = await server.json<{ execution_id: string }>("POST", `/api/v1/executions/${first}/rerun`, {});
      await expect.poll(async () => (await server.execution(again.execution_id)).outcome).toBe("failed");
      const rows = page.getByRole("table", { name: "Executions, newest first" }).locator("tbody tr");

      // Where it comes from leads to all that come from there.
      await page.goto(`/executions/${again.execution_id}`);
      await page.getByRole("link", { name: "all its reruns" }).click();
      await expect(page).toHaveURL(`${server.url}/executions?rerun_of=${first}`);
      await expect(rows).toHaveCount(1);
      await expect(rows).toContainText(again.execution_id.slice(-6));

      if (javaScriptEnabled) {
        await live(page);
        await page.keyboard.press("/");
      } else {
        await page.getByRole("searchbox").focus();
      }
      await page.keyboard.press("Tab");
      await expect(page.getByLabel("From", { exact: true })).toBeFocused();
      await page.keyboard.type("1h");
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL((url) => url.searchParams.get("since") === "1h" && url.searchParams.get("rerun_of") === first);
      await expect(rows).toHaveCount(1);

      const chip = page.getByRole("link", { name: `Reruns of ${first.slice(-6)}: remove this filter` });
      await chip.focus();
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(`${server.url}/executions?since=1h`);
      await expect(rows).toHaveCount(2);
      await page.getByRole("navigation", { name: "Status" }).getByRole("link", { name: "Failed" }).click();
      await expect(page).toHaveURL((url) => url.searchParams.get("since") === "1h" && url.searchParams.get("status") === "failed");
      await expect(rows).toHaveCount(2);

      await page.getByLabel("To", { exact: true }).fill("30m");
      await page.keyboard.press("Enter");
      await expect(page.getByRole("main")).toContainText("No execution matches.");
      await page.getByLabel("To", { exact: true }).fill("soon");
      await page.getByRole("button", { name: "Show", exact: true }).click();
      await expect(page.getByRole("alert").filter({ hasText: "`until` is `soon`" })).toBeVisible();
      await expect(page.getByLabel("From", { exact: true })).toHaveValue("1h");
      await page.getByRole("link", { name: "Clear" }).click();
      await expect(page).toHaveURL(`${server.url}/executions?status=failed`);
      await expect(rows).toHaveCount(2);
    });
  });
}

test("whose executions are listed is a chip, pages keep it, and new ones are looked for", async ({ page, server, complaints }) => {
  complaints.allow(/status of 400/);
  await server.register(QUICK);
  await server.schedule("nightly", { path: "stories/quick", cron: "0 3 29 2 *" });
  const run = () => server.json<{ execution_id: string }>("POST", "/api/v1/schedules/nightly/run", {});
  const first = (await run()).execution_id;
  await run();
  await run();
  const by = (query: string) => `${server.url}/executions?trigger=schedule%3Anightly${query}`;
  const rows = page.getByRole("table", { name: "Executions, newest first" }).locator("tbody tr");

  await page.goto(`/executions/${first}`);
  await page.getByRole("main").getByRole("link", { name: "schedule:nightly" }).click();
  await expect(page).toHaveURL(by(""));
  await expect(rows).toHaveCount(3);
  await live(page);
  await run();
  await page.getByRole("link", { name: "1 started since: look again" }).click();
  await expect(rows).toHaveCount(4);
  await expect(page).toHaveURL(by(""));
  // Nothing tells from outside that this one is not theirs.
  await live(page);
  await server.submit("stories/quick");
  await page.getByRole("link", { name: "1 started since: look again" }).click();
  await expect(page.getByRole("link", { name: "started since" })).toBeHidden();
  await expect(rows).toHaveCount(4);

  await page.goto(by("&limit=3"));
  await page.getByRole("link", { name: "Older" }).click();
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL((url) => url.searchParams.get("trigger") === "schedule:nightly" && url.searchParams.has("cursor"));
  await page.getByRole("link", { name: "Newest" }).click();
  await expect(page).toHaveURL(by("&limit=3"));
  await expect(rows).toHaveCount(3);
  await page.getByRole("link", { name: "Started by schedule:nightly: remove this filter" }).click();
  await expect(page).toHaveURL(`${server.url}/executions?limit=3`);

  for (const [query, chip] of [
    ["path=stories%2Fquick", "Playbook stories/quick"],
    [`parent=${first}`, `Children of ${first.slice(-6)}`],
  ]) {
    await page.goto(`/executions?${query}`);
    await page.getByRole("link", { name: `${chip}: remove this filter` }).click();
    await expect(page).toHaveURL(`${server.url}/executions`);
  }

  expect((await page.goto("/executions/bulk?action=cancel&since=soon"))!.status()).toBe(400);
  await expect(page.getByRole("main")).toContainText("`since` is `soon`");
  await page.getByRole("main").getByRole("link", { name: "All executions" }).click();
  await expect(page).toHaveURL(`${server.url}/executions`);
});

test("a list of those that failed looks for what failed since", async ({ page, server }) => {
  await server.register(FAILING);
  await server.register(QUICK);
  const rows = page.getByRole("table", { name: "Executions, newest first" }).locator("tbody tr");
  await page.goto("/");
  await live(page);
  await page.getByRole("main").getByRole("link", { name: /^Failed/ }).click();
  await expect(page).toHaveURL(/status=failed/);
  await expect(page.getByText("No execution matches.")).toBeVisible();
  await live(page);
  const again = page.getByRole("link", { name: "since: look again" });
  const quick = await server.submit("stories/quick");
  await expect.poll(async () => (await server.execution(quick)).outcome).toBe("completed");
  await server.submit("stories/failing");
  await expect(again).toHaveText("1 ended since: look again");
  await again.click();
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("Failed");
  await expect(again).toBeHidden();
  await expect(page).toHaveURL(/status=failed/);
});
