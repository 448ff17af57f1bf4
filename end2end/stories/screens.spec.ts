import path from "node:path";
import { full } from "../fixtures/full";
import { Gate } from "../fixtures/gate";
import { ASKING, FAILING, QUICK, TWO_GATES } from "../fixtures/playbooks";
import { signIn } from "../fixtures/screen";
import type { Server } from "../fixtures/server";
import { expect, live, test } from "../fixtures/test";

/** Where the pictures go, for people to look at: end2end/screenshots, ignored by git. */
const FOLDER = path.join(path.dirname(new URL(import.meta.url).pathname), "..", "screenshots");

type Content = {
  pages: Record<string, string>;
  /** Who signs in before; the first does. */
  people?: Record<string, "admin" | "viewer">;
  done: () => Promise<void>;
};

/** What can be on the screen. */
const CONTENTS: Record<string, (server: Server) => Promise<Content>> = {
  async empty() {
    return {
      pages: {
        dashboard: "/",
        executions: "/executions",
        approvals: "/approvals",
        playbooks: "/playbooks",
        register: "/register",
        agents: "/agents",
        memory: "/memory",
        alerts: "/alerts",
        events: "/events",
        schedules: "/schedules",
        schedule: "/schedules/new",
      },
      done: async () => {},
    };
  },

  async busy(server) {
    await server.register(QUICK);
    await server.register(TWO_GATES);
    await server.register(QUICK.replace("Greets and ends.", "Greets, and ends."));
    await server.register(ASKING);
    const asking = await server.submit("stories/asking", { customer: "Ada" });
    await server.schedule("nightly-greeting", { path: "stories/quick", cron: "0 3 * * *", timezone: "Europe/Berlin" });
    await server.schedule("weekly", { path: "stories/quick", cron: "0 6 * * MON", paused: true });
    for (let n = 0; n < 30; n += 1) await server.submit("stories/quick", { who: `visitor ${n}` });
    const [first, second] = [await Gate.at(server.file("first")), await Gate.at(server.file("second"))];
    const id = await server.submit("stories/two_gates", { first: first.path, second: second.path });
    await first.open("one");
    await expect.poll(async () => (await server.events(id)).map((event) => event.data.step)).toContain("second");
    return {
      pages: {
        dashboard: "/",
        executions: "/executions",
        playbooks: "/playbooks",
        playbook: "/playbooks/stories/two_gates",
        execution: `/executions/${id}`,
        asking: `/executions/${asking}`,
        approvals: "/approvals",
        schedules: "/schedules",
        schedule: "/schedules/named/nightly-greeting",
        changes: "/playbooks/stories/quick?version=2&since=1",
        bulk: "/executions/bulk?action=cancel&path=stories/asking",
        events: "/events",
        event: "/events/7",
        agents: "/agents",
        memory: "/memory",
        alerts: "/alerts",
        replay: "/events/replay?after=0&through=60",
      },
      done: async () => await second.open("two"),
    };
  },

  /** Everything of everybody, where people sign in. */
  async full(server) {
    await full(server);
    for (const name of ["ci", "gpu-worker-in-the-basement"]) {
      await server.json("POST", "/api/v1/tokens", { name, role: "component", protocols: ["python", "http"], expires_in_days: 30 });
    }
    const pages = {
      login: "/login",
      settings: "/settings",
      dashboard: "/",
      executions: "/executions?since=1h&path=stories/failing",
      agents: "/agents",
      memory: "/memory",
      alerts: "/alerts",
      events: "/events",
    };
    return { pages, people: { ann: "admin" }, done: async () => {} };
  },

  /** What somebody sees who may only look. */
  async refused(server) {
    await server.register(QUICK);
    await server.register(ASKING);
    await server.schedule("nightly-greeting", { path: "stories/quick", cron: "0 3 29 2 *" });
    const ended = await server.submit("stories/quick");
    const asking = await server.submit("stories/asking", { customer: "Ada" });
    await expect.poll(async () => (await server.execution(ended)).status).toBe("completed");
    await expect.poll(async () => (await server.events(asking)).map((event) => event.type)).toContain("approval_requested");
    const pages = {
      events: "/events",
      settings: "/settings",
      tap: "/events?topic=workflow_executions",
      playbooks: "/playbooks",
      playbook: "/playbooks/stories/quick",
      execution: `/executions/${ended}`,
      asking: `/executions/${asking}`,
      approvals: "/approvals",
      schedules: "/schedules",
      schedule: "/schedules/named/nightly-greeting",
      register: "/register",
    };
    return { pages, people: { vera: "viewer" }, done: async () => {} };
  },

  async failed(server) {
    await server.register(FAILING);
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await server.submit("stories/failing"));
    for (const id of ids) await expect.poll(async () => (await server.execution(id)).outcome).toBe("failed");
    return {
      pages: {
        dashboard: "/",
        executions: "/executions?status=failed",
        playbook: "/playbooks/stories/failing",
        execution: `/executions/${ids[0]}`,
        rerun: `/executions/${ids[0]}/rerun`,
        events: "/events?type=step_failed,action_failed",
        missing: "/executions/none-of-ours",
      },
      done: async () => {},
    };
  },
};

for (const [content, prepare] of Object.entries(CONTENTS)) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [390, 1440]) {
      test.describe(`${content}, ${colorScheme}, ${width} px`, () => {
        test.use({ colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } });

        test("every page fits its window", async ({ page, server, complaints }) => {
          test.setTimeout(240_000);
          complaints.allow(/status of 40[34]/);
          const { pages, people, done } = await prepare(server);
          if (people) {
            await server.guard(people);
            await page.goto("/");
            await signIn(page, Object.keys(people)[0]!);
          }
          for (const [name, where] of Object.entries(pages)) {
            await test.step(where, async () => {
              await page.goto(where);
              if (where !== "/login") await live(page);
              // What has been measured: the server does it every few seconds.
              if (people && name === "dashboard") await expect(page.locator(".chart-last").first()).toHaveText(/\d/, { timeout: 30_000 });
              const file = `${name}-${content}-${colorScheme}-${width}.png`;
              await page.screenshot({ path: path.join(FOLDER, file), fullPage: true, animations: "disabled" });
              const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
              expect.soft(over, `${where} is wider than the window by`).toBeLessThanOrEqual(0);
            });
          }
          if (width === 390) {
            await page.getByRole("button", { name: "More" }).click();
            await expect(page.locator("#areas")).toBeVisible();
            await page.screenshot({ path: path.join(FOLDER, `more-${content}-${colorScheme}-${width}.png`), animations: "disabled" });
          }
          await done();
        });
      });
    }
  }
}
