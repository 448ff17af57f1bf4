import { QUICK } from "../fixtures/playbooks";
import { expect, live, test } from "../fixtures/test";

test("what is copied is told when it is", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await server.register(QUICK);
  const id = await server.submit("stories/quick");
  await page.goto(`/executions/${id}`);
  await live(page);
  const copy = page.getByRole("button", { name: `${id.slice(-6)}, copy the whole id` });
  await copy.click();
  await expect(copy.getByRole("status")).toHaveText("copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(id);
  await expect(copy.getByRole("status"), "for a moment").toBeEmpty();

  await page.goto("/events?type=step_started");
  await live(page);
  const line = page.getByRole("button", { name: "Copy the line for the command line" });
  await line.click();
  await expect(line).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("signalbox events --type step_started --follow");
});

for (const [how, spoil] of [
  ["refuses", () => (navigator.clipboard.writeText = () => Promise.reject(new Error("not now")))],
  ["cannot", () => Object.defineProperty(navigator, "clipboard", { value: undefined })],
] as const) {
  test(`where the browser ${how}, nothing is said to be copied`, async ({ page, server }) => {
    await page.addInitScript(spoil as () => void);
    await server.register(QUICK);
    const id = await server.submit("stories/quick");
    await page.goto(`/executions/${id}`);
    await live(page);
    const copy = page.getByRole("button", { name: `${id.slice(-6)}, copy the whole id` });
    await copy.click();
    await expect(copy.getByRole("status")).toHaveText("not copied");
  });
}
