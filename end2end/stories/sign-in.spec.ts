import { writeFile } from "node:fs/promises";
import type { Server } from "../fixtures/server";
import { expect, test } from "../fixtures/test";

/** From here on everybody proves who they are; `ann` is an admin. */
async function guard(server: Server): Promise<void> {
  const body = JSON.stringify({ name: "ann", role: "admin", password: "correct horse" });
  const added = await fetch(`${server.url}/api/v1/users`, { method: "POST", body, headers: { "content-type": "application/json" } });
  expect(added.status).toBe(201);
  await server.stop();
  await writeFile(server.file("signalbox.toml"), 'auth = "required"\n');
  await server.up();
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    test("one signs in by keyboard, makes and revokes a token, and signs out", async ({ page, server, complaints }) => {
      // A password that is wrong, and the socket of a page where nobody is signed in.
      complaints.allow(/status of 401|WebSocket/);
      await guard(server);
      await page.goto("/executions?q=nothing");
      await expect(page.getByRole("heading", { name: "Sign in to Signalbox" })).toBeVisible();
      await page.getByLabel("Name").fill("ann");
      await page.getByLabel("Password").fill("wrong horse");
      await page.keyboard.press("Enter");
      await expect(page.getByRole("alert").filter({ hasText: "The name or the password is wrong." })).toBeVisible();
      await expect(page.getByLabel("Name")).toHaveValue("ann");
      await page.getByLabel("Password").fill("correct horse");
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
      await page.locator("summary", { hasText: "Revoke" }).click();
      await page.getByRole("button", { name: "Revoke ci" }).click();
      await expect(page.getByText("No token is made.")).toBeVisible();
      expect((await asked()).status).toBe(401);

      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByRole("heading", { name: "Sign in to Signalbox" })).toBeVisible();
      await page.goto("/settings");
      await expect(page.getByRole("heading", { name: "Sign in to Signalbox" })).toBeVisible();
    });
  });
}
