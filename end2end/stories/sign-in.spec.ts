import type { Page } from "@playwright/test";
import { alert } from "../fixtures/messages";
import { ASKING, QUICK } from "../fixtures/playbooks";
import { rail, signIn } from "../fixtures/screen";
import { PASSWORD } from "../fixtures/server";
import { expect, isSameDocument, live, mark, test } from "../fixtures/test";

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    test("one signs in by keyboard, makes and revokes a token, and signs out", async ({ page, server, complaints }) => {
      // A password that is wrong.
      complaints.allow(/status of 401/);
      await server.guard({ ann: "admin" });
      await page.goto("/executions?q=nothing");
      await expect(page.getByRole("heading", { name: "Sign in to Signalbox" })).toBeVisible();
      await page.getByLabel("Name").fill("ann");
      await page.getByLabel("Password").fill("wrong horse");
      await page.keyboard.press("Enter");
      await expect(page.getByRole("alert").filter({ hasText: "The name or the password is wrong." })).toBeVisible();
      await expect(page.getByLabel("Name")).toHaveValue("ann");
      await page.getByLabel("Password").fill(PASSWORD);
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(`${server.url}/executions?q=nothing`);

      await page.getByRole("link", { name: "Signed in as ann, admin. Settings" }).click();
      await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
      await page.getByLabel("Name").fill("ci");
      await page.getByLabel("Role").selectOption("viewer");
      await page.getByRole("button", { name: "Make" }).click();
      const token = (await page.getByTestId("token-made").locator("code").innerText()).trim();
      const asked = () => fetch(`${server.url}/api/v1/identity`, { headers: { authorization: `Bearer ${token}` } });
      expect(await (await asked()).json()).toMatchObject({ name: "ci", role: "viewer" });
      await page.goto("/settings");
      expect(await page.content()).not.toContain(token);
      await page.locator('summary[aria-label="Revoke ci"]').click();
      await page.getByRole("button", { name: "Revoke ci" }).click();
      await expect(page.getByRole("table", { name: "API tokens by name" }).locator("tbody tr")).toHaveCount(1);
      expect((await asked()).status).toBe(401);

      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByRole("heading", { name: "Sign in to Signalbox" })).toBeVisible();
      await page.goto("/settings");
      await expect(page.getByRole("heading", { name: "Sign in to Signalbox" })).toBeVisible();
    });
  });
}

test("whose session ends is led to sign in, and back to where they were", async ({ page, server }) => {
  await page.addInitScript(() => {
    const Real = WebSocket;
    Object.assign(window, { opened: 0 });
    window.WebSocket = class extends Real {
      constructor(url: string | URL) {
        super(url);
        (window as unknown as { opened: number }).opened += 1;
      }
    };
  });
  const opened = () => page.evaluate(() => (window as unknown as { opened: number }).opened);
  await server.register(QUICK);
  const id = await server.submit("stories/quick");
  await server.guard({ bob: "viewer" });
  const place = `/executions/${id}?from=mail#step-greet`;
  await page.goto(place);
  await signIn(page, "bob");
  await live(page);
  await page.goto(place);
  await live(page);
  expect(await opened(), "sockets of a page").toBe(1);
  await mark(page);
  // What the lamp says on the way there.
  await page.evaluate(() => {
    const word = document.querySelector(".lamp-word")!;
    const tell = () => sessionStorage.setItem("told", word.textContent ?? "");
    new MutationObserver(tell).observe(word, { characterData: true, childList: true, subtree: true });
  });
  // Setting a password ends every session.
  await server.json("PUT", "/api/v1/users/bob/password", { password: PASSWORD });
  const next = `/executions/${id}%3Ffrom%3Dmail%23step-greet`;
  await expect(page).toHaveURL(`${server.url}/login?next=${next}`, { timeout: 20_000 });
  expect(await page.evaluate(() => sessionStorage.getItem("told"))).toBe("Signed out");
  expect(await isSameDocument(page), "what was theirs is gone").toBe(false);
  await page.waitForFunction(() => (window as unknown as { signalbox?: { isAlive: boolean } }).signalbox?.isAlive);
  expect(await opened(), "sockets of the form").toBe(0);
  await signIn(page, "bob");
  await expect(page).toHaveURL(server.url + place);
  await live(page);
});

test("who is no admin is shown what is theirs, and told what is not", async ({ page, server, complaints }) => {
  complaints.allow(/status of 403/);
  await server.register(QUICK);
  await server.submit("stories/quick");
  await server.publish(alert("warning", "the disk is slow"));
  await server.guard({ ann: "admin", vera: "viewer" });
  await page.goto("/");
  await signIn(page, "vera");
  await live(page);
  const areas = () => rail(page).locator("a.rail-item:visible").allInnerTexts();
  expect(await areas()).toEqual(["Dashboard", "Executions", "Approvals", "Playbooks", "Schedules", "Agents", "Memory", "Alerts"]);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("Schedules");
  await expect(page.getByRole("dialog")).not.toContainText("Events");
  await page.keyboard.press("Escape");

  await page.goto("/events");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Not allowed");
  await expect(page.getByRole("main")).toContainText("`vera` is viewer and may not see topic `events`; admin may.");
  await expect(page.getByRole("main")).toContainText("ask an admin of this server for another role");
  await page.getByRole("main").getByRole("link", { name: "Executions" }).click();
  await expect(page).toHaveURL(`${server.url}/events?topic=workflow_executions`);
  await expect(page.getByRole("table", { name: "Events, newest first" })).toContainText("workflow_execution");
  await live(page);
  await page.keyboard.press("g");
  await page.keyboard.press("v");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await expect(page.getByRole("heading", { level: 1 }), "`g v` is not theirs, `g a` is").toHaveText("Approvals");
  await page.goBack();

  // What one opens from there is theirs as well.
  const crumbs = page.getByRole("navigation", { name: "Breadcrumb" });
  await page.getByRole("table", { name: "Events, newest first" }).getByRole("link", { name: "workflow_execution" }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("workflow_execution");
  await expect(crumbs).toContainText("Events");
  await expect(crumbs.getByRole("link", { name: "Events", exact: true })).toHaveCount(0);
  await page.getByRole("main").getByRole("link", { name: "Replay around it" }).click();
  await expect(page.getByRole("table", { name: "Events of the window so far, newest first" })).toContainText("workflow_execution");
  await page.goto("/events?topic=workflow_executions&type=step_failed");
  await page.getByRole("main").getByRole("link", { name: "Show all" }).click();
  await expect(page).toHaveURL(`${server.url}/events?topic=workflow_executions`);
  await rail(page).getByRole("link", { name: "Alerts" }).click();
  await page.getByRole("link", { name: "the disk is slow" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("system_alert");
  await expect(page.getByRole("main").getByRole("link", { name: /^(Before|After)$/ })).toHaveCount(0);
  await page.goto("/credentials");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Not allowed");
  // Back to where they may be, not to where they may not.
  await page.getByRole("main").getByRole("link", { name: "Dashboard" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Dashboard");

  await page.goto("/settings");
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn(page, "ann");
  await page.goto("/");
  expect(await areas()).toContain("Events");
});

test("who may run nothing is offered nothing to run it with", async ({ page, server, complaints }) => {
  complaints.allow(/status of 403/);
  await server.register(QUICK);
  await server.register(ASKING);
  await server.schedule("nightly", { path: "stories/quick", cron: "0 3 * * *" });
  const ended = await server.submit("stories/quick");
  const asking = await server.submit("stories/asking");
  await expect.poll(async () => (await server.execution(ended)).status).toBe("completed");
  await expect.poll(async () => (await server.events(asking)).map((event) => event.type)).toContain("approval_requested");
  await server.guard({ olga: "operator", vera: "viewer" });
  // Where, and something to do there.
  const offers: [string, (page: Page) => ReturnType<Page["locator"]>][] = [
    ["/playbooks", (page) => page.getByRole("link", { name: "Register a playbook" })],
    ["/playbooks/stories/quick", (page) => page.getByRole("button", { name: "Run", exact: true })],
    [`/executions/${ended}`, (page) => page.getByRole("link", { name: "Rerun", exact: true })],
    [`/executions/${asking}`, (page) => page.getByRole("button", { name: "Pause" })],
    ["/executions?path=stories/quick", (page) => page.getByRole("button", { name: "Show them" })],
    ["/approvals", (page) => page.getByRole("button", { name: "Approve ask" })],
    ["/schedules", (page) => page.getByRole("link", { name: "New schedule" })],
    ["/schedules/named/nightly", (page) => page.getByRole("button", { name: "Save" })],
  ];
  const forms = ["/register", `/executions/${ended}/rerun`, "/schedules/new", "/executions/bulk?action=cancel&path=stories/quick"];

  await page.goto("/");
  await signIn(page, "vera");
  for (const [where, offer] of offers) {
    await page.goto(where);
    await live(page);
    await expect(page.locator("main h1")).not.toHaveText("Not allowed");
    await expect(offer(page), where).toHaveCount(0);
    await expect(page.locator('main form[method="post"]'), where).toHaveCount(0);
  }
  await page.goto("/approvals");
  await expect(page.getByRole("main")).toContainText("May Ada have a refund?");
  await expect(page.getByRole("main")).toContainText("Whoever is operator or admin may answer.");
  for (const where of forms) {
    await page.goto(where);
    await expect(page.locator("main h1"), where).toHaveText("Not allowed");
  }

  await page.goto("/settings");
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn(page, "olga");
  for (const [where, offer] of offers) {
    await page.goto(where);
    await expect(offer(page), where).toBeVisible();
  }
  for (const where of forms) {
    await page.goto(where);
    await expect(page.locator('main form[method="post"]'), where).toBeVisible();
  }
});
