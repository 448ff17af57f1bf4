import { goTo } from "../fixtures/screen";
import { expect, live, test } from "../fixtures/test";

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    test("a credential is stored, replaced and deleted, and its value is never shown", async ({ page, server }) => {
      await page.goto("/");
      if (javaScriptEnabled) await live(page);
      await goTo(page, "Credentials");
      await expect(page.getByText("No credential is stored.")).toBeVisible();

      await page.getByRole("navigation", { name: "Type" }).getByRole("link", { name: "basic", exact: true }).click();
      // The fields of the type that was chosen: the form is another one by now.
      await expect(page.getByLabel(/^Username/)).toBeVisible();
      await page.getByLabel(/^Name/).fill("web");
      await page.getByLabel(/^Username/).fill("ada");
      await page.getByLabel(/^Password/).fill("open-sesame");
      await expect(page.getByLabel(/^Password/)).toHaveAttribute("type", "password");
      await page.getByLabel(/^Note/).fill("of the stories");
      await page.getByRole("button", { name: "Store" }).click();
      await expect(page.getByRole("status").filter({ hasText: "web is stored." })).toBeVisible();
      const row = page.getByRole("row").filter({ hasText: "of the stories" });
      await expect(row).toContainText("basic");

      await row.getByRole("link", { name: "Replace the value of web" }).click();
      await expect(page.getByRole("heading", { name: "Replace the value of web" })).toBeVisible();
      await page.getByLabel(/^Username/).fill("grace");
      await page.getByLabel(/^Password/).fill("another-sesame");
      await page.getByRole("button", { name: "Store" }).click();
      await expect(page.getByRole("status").filter({ hasText: "web is stored." })).toBeVisible();
      const places = ["/", "/executions", "/approvals", "/playbooks", "/schedules", "/register", "/credentials", "/credentials?type=basic&name=web"];
      for (const place of [...places, "/api/v1/credentials", "/api/v1/events?topic=events&limit=1000", "/api/v1/health"]) {
        const answer = await page.request.get(place);
        expect(answer.ok(), place).toBe(true);
        expect(await answer.text(), place).not.toContain("sesame");
      }
      expect(await page.content()).not.toContain("sesame");
      expect(await server.get<unknown[]>("/api/v1/credentials")).toHaveLength(1);

      await row.locator("summary", { hasText: "Delete" }).click();
      await page.getByRole("button", { name: "Delete web" }).click();
      await expect(page.getByText("web is not stored any more.")).toBeVisible();
      expect(await server.get<unknown[]>("/api/v1/credentials")).toEqual([]);
    });
  });
}
