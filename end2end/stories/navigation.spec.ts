import { QUICK } from "../fixtures/playbooks";
import { rail } from "../fixtures/screen";
import { expect, isSameDocument, lamp, live, mark, test } from "../fixtures/test";

test.beforeEach(async ({ page, server }) => {
  await server.register(QUICK);
  await page.goto("/");
  await live(page);
  await mark(page);
});

test("a link swaps the page's regions and leaves the document", async ({ page, server }) => {
  for (const name of ["Playbooks", "Executions", "Dashboard"]) {
    await rail(page).getByRole("link", { name, exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
    await expect(page).toHaveTitle(new RegExp(name));
    await expect(rail(page).getByRole("link", { name, exact: true })).toHaveAttribute("aria-current", "page");
    await expect(rail(page).locator("[aria-current]:visible")).toHaveCount(1);
  }
  expect(await isSameDocument(page)).toBe(true);
  expect((await server.websocket()).handshakes).toBe(1);
});

test("focus goes to the new page's heading, and the change is announced", async ({ page }) => {
  await rail(page).getByRole("link", { name: "Playbooks" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Playbooks" })).toBeFocused();
  await expect(page.locator("#announcer")).toContainText("Playbooks");
});

test("back and forward return to the place one looked at", async ({ page, server }) => {
  const ids = await Promise.all(Array.from({ length: 60 }, () => server.submit("stories/quick")));
  for (const id of ids) await expect.poll(async () => (await server.execution(id)).status).toBe("completed");
  await rail(page).getByRole("link", { name: "Executions" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Executions");
  await page.evaluate(() => scrollTo(0, 700));
  const there = await page.evaluate(() => scrollY);
  expect(there).toBe(700);
  await rail(page).getByRole("link", { name: "Playbooks" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Playbooks");
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Executions");
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(there);
  await page.goForward();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Playbooks");
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
  expect(await isSameDocument(page)).toBe(true);
});

test("filters are in the address, and come back with it", async ({ page, server }) => {
  await server.submit("stories/quick");
  await page.goto("/executions");
  await page.getByRole("searchbox").fill("quick");
  await page.getByRole("searchbox").press("Enter");
  await expect(page).toHaveURL(/[?&]q=quick/);
  await page.reload();
  await expect(page.getByRole("searchbox")).toHaveValue("quick");
});

test("a server that is down is said, and a return mends it", async ({ page, server, complaints }) => {
  complaints.allow(/ERR_CONNECTION_REFUSED|WebSocket connection/);
  await server.stop();
  await expect(lamp(page)).toContainText(/Reconnecting|Stale since/);
  await rail(page).getByRole("link", { name: "Playbooks" }).click();
  await expect(page.getByRole("alert")).toContainText("Cannot reach the server");
  // Nothing was lost: the page one was on is still there.
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Dashboard");
  await server.up();
  await live(page);
  await rail(page).getByRole("link", { name: "Playbooks" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Playbooks");
  await expect(page.getByRole("alert")).toBeHidden();
  expect(await isSameDocument(page)).toBe(true);
});

test("in a narrow window the rest is behind \"More\"", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const more = page.getByRole("button", { name: "More" });
  const rest = page.locator("#areas");
  await more.focus();
  await page.keyboard.press("Enter");
  await expect(rest).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(rest).toBeHidden();
  await expect(more).toBeFocused();
  await more.click();
  await rest.getByRole("link", { name: "Playbooks" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Playbooks");
  await expect(rest).toBeHidden();
  await expect(more).toHaveAttribute("aria-current", "true");
  expect(await isSameDocument(page)).toBe(true);
});
