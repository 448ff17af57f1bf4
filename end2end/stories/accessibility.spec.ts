import AxeBuilder from "@axe-core/playwright";
import { ASKING, FAILING, QUICK } from "../fixtures/playbooks";
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
      for (const where of pages) {
        await test.step(where, async () => {
          await page.goto(where);
          const { violations } = await new AxeBuilder({ page }).analyze();
          const told = violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).join(", ")})`);
          expect.soft(told, where).toEqual([]);
        });
      }
    });
  });
}
