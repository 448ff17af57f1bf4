import { writeFile } from "node:fs/promises";
import { Gate } from "../fixtures/gate";
import { log } from "../fixtures/log";
import { QUICK, TWO_GATES } from "../fixtures/playbooks";
import { expectExecution, expectStep, goTo, input, run } from "../fixtures/screen";
import { expect, test } from "../fixtures/test";

test.use({ javaScriptEnabled: false });

test("the log triage is started and read without JavaScript", async ({ page, server }) => {
  const file = server.file("app.log");
  await writeFile(file, log());
  await page.goto("/");
  await goTo(page, "Playbooks");
  await page.getByRole("main").getByRole("link", { name: "samples/log_triage" }).click();
  const id = await run(page, { file });
  await expect.poll(async () => (await server.execution(id)).outcome).toBe("completed");
  await page.reload();
  await expectExecution(page, "completed");
  await goTo(page, "Dashboard");
  expect((await server.websocket()).handshakes).toBe(0);
});

test("a reload shows how far an execution is", async ({ page, server }) => {
  const first = await Gate.at(server.file("first"));
  const second = await Gate.at(server.file("second"));
  await server.register(TWO_GATES);
  await page.goto("/playbooks/stories/two_gates");
  const id = await run(page, { first: first.path, second: second.path });
  await expectStep(page, "first", "running");
  await first.open();
  await expect.poll(async () => (await server.events(id)).map((e) => e.data.step)).toContain("second");
  await page.reload();
  await expectStep(page, "first", "completed");
  await expectStep(page, "second", "running");
  await page.locator("summary", { hasText: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel this execution" }).click();
  await expect.poll(async () => (await server.execution(id)).outcome).toBe("cancelled");
  await page.reload();
  await expectExecution(page, "cancelled");
});

test("input that is no JSON comes back with what is wrong, and is not lost", async ({ page, server, complaints }) => {
  complaints.allow(/status of 400/);
  await server.register(QUICK);
  await page.goto("/playbooks/stories/quick");
  await input(page).fill('{"who": ');
  await page.getByRole("button", { name: "Run" }).click();
  await expect(page.getByRole("alert")).toContainText(/JSON/);
  await expect(input(page)).toHaveValue('{"who": ');
  expect((await server.get<{ executions: unknown[] }>("/api/v1/executions")).executions).toEqual([]);
});

test("the list is filtered by a form", async ({ page, server }) => {
  await server.register(QUICK);
  await server.submit("stories/quick");
  await page.goto("/executions");
  await page.getByRole("searchbox").fill("nothing-like-it");
  await page.getByRole("searchbox").press("Enter");
  await expect(page).toHaveURL(/[?&]q=nothing-like-it/);
  await expect(page.getByRole("main")).toContainText("No execution matches.");
  await expect(page.getByRole("main").locator('a[href^="/executions/"]')).toHaveCount(0);
});
