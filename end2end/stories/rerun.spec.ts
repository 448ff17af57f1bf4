import { Gate } from "../fixtures/gate";
import { DIVIDING, TWO_GATES } from "../fixtures/playbooks";
import { expectExecution, expectStep, input } from "../fixtures/screen";
import { expect, isSameDocument, live, mark, test } from "../fixtures/test";

test("a failed execution is run again from the step that failed, with another input", async ({ page, server }) => {
  await server.register(DIVIDING);
  const failed = await server.submit("stories/dividing");
  await page.goto(`/executions/${failed}`);
  await live(page);
  await mark(page);
  await expectExecution(page, "failed");
  await page.getByRole("link", { name: "Rerun", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Rerun stories/dividing");
  await expect(page.getByLabel("Begin at")).toHaveValue("divide");
  await input(page).fill('{"by": 2}');
  await page.getByRole("button", { name: "Rerun" }).click();

  await page.waitForURL((url) => /\/executions\/[0-9a-f-]{36}$/.test(url.pathname) && !url.pathname.endsWith(failed));
  await expectExecution(page, "completed");
  await expect(page.getByRole("main")).toContainText("rerun of");
  expect(await isSameDocument(page)).toBe(true);

  const again = new URL(page.url()).pathname.split("/").at(-1)!;
  const measured = (await server.events(failed)).find(
    (event) => event.type === "action_completed" && event.data.step === "measure",
  );
  const { result } = await server.execution(again);
  const { value } = (measured!.data as unknown as { result: { value: number } }).result;
  expect((result as { value: number }).value, "measured once").toBe(value);
  const events = await server.events(again);
  expect(events.filter((event) => event.type === "step_reused").map((event) => event.data.step)).toEqual(["measure"]);
  expect(events.filter((event) => event.type === "action_started").map((event) => event.data.step)).toEqual(["divide"]);

  // Any step can be chosen where it stands.
  const step = page.locator("#step-divide");
  if (!(await step.evaluate((element) => (element as HTMLDetailsElement).open))) await step.locator("summary").click();
  await step.getByRole("link", { name: "Rerun from here" }).click();
  await expect(page.getByLabel("Begin at")).toHaveValue("divide");
});

test("a rerun that is refused keeps the step, the version and the input", async ({ page, server, complaints }) => {
  complaints.allow(/status of 400/);
  await server.register(DIVIDING);
  const failed = await server.submit("stories/dividing");
  await expect.poll(async () => (await server.execution(failed)).outcome).toBe("failed");
  await server.register(DIVIDING.replace("by: 0", "by: 4"));
  await page.goto(`/executions/${failed}/rerun?from=start`);
  await live(page);
  await page.getByLabel("Playbook").selectOption("2");
  await input(page).fill("{half");
  await page.getByRole("button", { name: "Rerun" }).click();
  await expect(page.getByTestId("form-problem")).toContainText("not JSON");
  await expect(page.getByLabel("Begin at")).toHaveValue("start");
  await expect(page.getByLabel("Playbook")).toHaveValue("2");
  await expect(input(page)).toHaveValue("{half");
  await input(page).fill('{"by": 3}');
  await page.getByRole("button", { name: "Rerun" }).click();
  await page.waitForURL((url) => /\/executions\/[0-9a-f-]{36}$/.test(url.pathname) && !url.pathname.endsWith(failed));
  await expectExecution(page, "completed");
  await expect(page.getByRole("main")).toContainText("version 2");
});

test("an execution is paused, and goes on when it is resumed", async ({ page, server }) => {
  const first = await Gate.at(server.file("first"));
  const second = await Gate.at(server.file("second"));
  await server.register(TWO_GATES);
  const id = await server.submit("stories/two_gates", { first: first.path, second: second.path });
  await page.goto(`/executions/${id}`);
  await live(page);
  await expectStep(page, "first", "running");
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.locator(".halted")).toContainText("Paused by dashboard");
  // What runs may end; what follows does not begin.
  await first.open("one");
  await expectStep(page, "first", "completed");
  expect((await server.events(id)).map((event) => event.data.step)).not.toContain("second");
  await page.getByRole("button", { name: "Resume" }).click();
  await expectStep(page, "second", "running");
  await second.open("two");
  await expectExecution(page, "completed");
});

test("all that a filter finds are shown first, and then cancelled", async ({ page, server }) => {
  const gates = await Promise.all(["a", "b", "c"].map((name) => Gate.at(server.file(name))));
  await server.register(TWO_GATES);
  const ids = [];
  for (const gate of gates) ids.push(await server.submit("stories/two_gates", { first: gate.path, second: gate.path }));
  await page.goto("/executions?status=running&path=stories/two_gates");
  await live(page);
  await page.getByLabel("All that match:").selectOption("cancel");
  await page.getByRole("button", { name: "Show them" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Cancel 3 executions");
  expect((await server.execution(ids[0]!)).outcome, "looking does nothing").toBeNull();
  // Whoever comes now was not looked at.
  const late = await Gate.at(server.file("late"));
  const fourth = await server.submit("stories/two_gates", { first: late.path, second: late.path });
  await page.getByRole("button", { name: "Cancel 3 executions" }).click();
  await expect(page.getByRole("main")).toContainText("Done for each of them.");
  expect((await server.execution(fourth)).outcome, "it was not shown").toBeNull();
  for (const id of ids) expect((await server.execution(id)).outcome).toBe("cancelled");
});
