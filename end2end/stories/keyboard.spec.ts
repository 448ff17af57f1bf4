import { QUICK } from "../fixtures/playbooks";
import { input } from "../fixtures/screen";
import { expect, live, test } from "../fixtures/test";

test.beforeEach(async ({ page, server }) => {
  await server.register(QUICK);
  await page.goto("/");
  await live(page);
});

test("the first stop is a way past the rail", async ({ page }) => {
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: /skip/i });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  // The next stop is in the content.
  await page.keyboard.press("Tab");
  await expect(page.getByRole("main").locator(":focus")).toHaveCount(1);
});

test("every stop can be seen", async ({ page }) => {
  const stops = new Set<string>();
  for (let n = 0; n < 40; n += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return { name: `${element.tagName} ${element.textContent?.trim()}`, outline: style.outlineStyle, width: box.width };
    });
    if (!stop) break;
    expect(stop.outline, stop.name).not.toBe("none");
    expect(stop.width, stop.name).toBeGreaterThan(0);
    stops.add(stop.name);
  }
  expect(stops.size).toBeGreaterThan(5);
});

test("a playbook is found, run and followed by keys alone", async ({ page }) => {
  const press = async (name: RegExp, role: "link" | "button" | "textbox") => {
    const target = page.getByRole(role, { name }).first();
    for (let n = 0; n < 80; n += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab never reached ${role} ${name}`);
  };
  await press(/^Playbooks$/, "link");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Playbooks");
  await press(/quick/, "link");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("quick");
  await press(/^Run/, "button");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/executions\//);
});

test("? lists the keys, Escape closes the list", async ({ page }) => {
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: /keys/i });
  await expect(keys).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(keys).toBeHidden();
});

test("? typed into a field is a question mark", async ({ page }) => {
  await page.goto("/playbooks/stories/quick");
  await live(page);
  await input(page).fill("");
  await input(page).press("?");
  await expect(input(page)).toHaveValue("?");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});
