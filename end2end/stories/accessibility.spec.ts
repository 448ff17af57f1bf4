import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { ASKING, FAILING, QUICK } from "../fixtures/playbooks";
import { full } from "../fixtures/full";
import { signIn } from "../fixtures/screen";
import { expect, test } from "../fixtures/test";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("axe finds nothing on any page", async ({ page, server, complaints }) => {
      test.setTimeout(480_000);
      complaints.allow(/status of (400|404)/);
      await server.register(QUICK);
      await server.register(FAILING);
      await server.register(ASKING);
      await server.register(QUICK.replace("Greets and ends.", "Greets, and ends."));
      await server.schedule("nightly", { path: "stories/quick", cron: "0 3 * * *" });
      const asking = await server.submit("stories/asking");
      const good = await server.submit("stories/quick");
      const bad = await server.submit("stories/failing");
      for (const id of [good, bad]) await expect.poll(async () => (await server.execution(id)).status).toBe("completed");
      await expect.poll(async () => (await server.events(asking)).map((event) => event.type)).toContain("approval_requested");
      const pages = [
        "/",
        "/playbooks",
        "/playbooks/stories/quick",
        "/register",
        "/credentials",
        "/credentials?type=generic",
        "/executions",
        "/executions?status=failed",
        `/executions?since=1h&rerun_of=${bad}&path=stories/failing`,
        "/executions?since=noon",
        `/executions/${good}`,
        `/executions/${bad}`,
        `/executions/${asking}`,
        `/executions/${good}/events`,
        `/executions/${bad}/rerun`,
        "/executions/bulk?action=cancel&path=stories/asking",
        "/approvals",
        "/playbooks/stories/quick?version=2&since=1",
        "/agents",
        "/memory",
        "/alerts",
        "/events",
        "/events?type=step_completed&since=1h",
        "/events?since=noon",
        "/events/3",
        "/events/replay?after=0&through=20",
        "/schedules",
        "/schedules/new",
        "/schedules/named/nightly",
        "/executions/none-of-ours",
        "/no-such-page",
      ];
      for (const where of pages) await check(page, where);
    });

    test("axe finds nothing where people sign in, nor on what is full, nor on what is not theirs", async ({ page, server, complaints }) => {
      test.setTimeout(240_000);
      complaints.allow(/status of (401|403)/);
      await full(server);
      await server.guard({ ann: "admin", vera: "viewer" });
      await check(page, "/login", SIGNED_OUT);
      await page.getByLabel("Name").fill("ann");
      await page.getByLabel("Password").fill("wrong");
      await page.keyboard.press("Enter");
      await expect(page.getByRole("alert").filter({ hasText: "The name or the password is wrong." })).toBeVisible();
      await check(page, undefined, SIGNED_OUT);
      await signIn(page, "ann");
      for (const where of ["/settings", "/", "/agents", "/memory", "/alerts", "/events"]) await check(page, where);
      await page.getByRole("button", { name: "Show keys" }).click();
      await check(page);
      await page.goto("/settings");
      await page.getByLabel("Name").fill("ci");
      await page.getByRole("button", { name: "Make" }).click();
      await expect(page.getByTestId("token-made")).toBeVisible();
      await page.locator('summary[aria-label="Revoke ci"]').click();
      await check(page);
      await page.setViewportSize({ width: 390, height: 844 });
      await page.getByRole("button", { name: "More" }).click();
      await expect(page.locator("#areas")).toBeVisible();
      await check(page);
      await page.goto("/settings");
      await page.getByRole("button", { name: "Sign out" }).click();
      await signIn(page, "vera");
      for (const where of ["/settings", "/events"]) await check(page, where);
    });
  });
}

/** The form for signing in, which has no frame. */
const SIGNED_OUT = "main.login";

/** What axe finds where one is, or there: on a page in its frame, or whatever `main` is. */
async function check(page: Page, where?: string, main = "main[data-region]"): Promise<void> {
  await test.step(where ?? page.url(), async () => {
    if (where) await page.goto(where);
    await expect(page.locator(`${main} h1`)).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).analyze();
    const told = violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).join(", ")})`);
    expect.soft(told, where ?? page.url()).toEqual([]);
  });
}
