import { ASKING } from "../fixtures/playbooks";
import { expectExecution, expectStep, goTo } from "../fixtures/screen";
import { expect, isSameDocument, live, mark, test } from "../fixtures/test";

test("a person answers where the execution asks, and it goes on", async ({ page, server }) => {
  await server.register(ASKING);
  const id = await server.submit("stories/asking", { customer: "Grace" });
  await page.goto(`/executions/${id}`);
  await live(page);
  await mark(page);
  await expectStep(page, "ask", "waiting");

  const asked = page.getByRole("region", { name: /^ask waits for an answer/ });
  await expect(asked).toContainText("May Grace have a refund?");
  await asked.getByLabel("Amount in EUR").fill("12.5");
  await asked.getByLabel("team").selectOption("support");
  await asked.getByLabel("It is urgent").check();
  await asked.getByRole("button", { name: "Approve ask" }).click();

  await expectExecution(page, "completed");
  await expectStep(page, "refund", "completed");
  await expect(asked).toHaveCount(0);
  expect(await isSameDocument(page)).toBe(true);
  const { result } = await server.execution(id);
  const answer = { approved: true, amount: 12.5, team: "support", urgent: true, note: null, by: "dashboard" };
  expect(result).toMatchObject({ answer });
});

test("the inbox lists what waits, and empties as it is answered", async ({ page, server }) => {
  await server.register(ASKING);
  const first = await server.submit("stories/asking", { customer: "Ada" });
  const second = await server.submit("stories/asking", { customer: "Grace" });
  await expect.poll(async () => (await server.events(second)).map((event) => event.type)).toContain("approval_requested");

  await page.goto("/");
  await live(page);
  await goTo(page, "Approvals");
  const asked = page.getByRole("region", { name: /^ask in/ });
  await expect(asked).toHaveCount(2);
  await expect(asked.first()).toContainText("May Ada have a refund?");
  // A rejection needs none of the fields.
  await asked.first().getByRole("button", { name: "Reject ask" }).click();
  await expect(asked).toHaveCount(1);
  await expect.poll(async () => (await server.execution(first)).outcome).toBe("completed");
  expect((await server.events(first)).map((event) => event.data.step)).toContain("refuse");

  await asked.getByLabel("Amount in EUR").fill("3");
  await asked.getByRole("button", { name: "Approve ask" }).click();
  await expect(page.getByRole("main")).toContainText("Nothing waits for an answer.");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("an answer that does not fit is refused with the reason, and nothing is lost", async ({ page, server }) => {
    await server.register(ASKING);
    const id = await server.submit("stories/asking");
    await expect.poll(async () => (await server.events(id)).map((event) => event.type)).toContain("approval_requested");
    await page.goto("/approvals");
    const asked = page.getByRole("region", { name: /^ask in/ });
    await asked.getByLabel("Amount in EUR").fill("7");
    await asked.getByRole("button", { name: "Approve ask" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Approvals");
    await expect.poll(async () => (await server.execution(id)).outcome).toBe("completed");

    // Answered meanwhile: told, not done twice.
    const answer = await page.request.post("/api/sf/answer_approval", {
      form: { execution_id: id, step: "ask", visit: "1", "fields[approved]": "true", return_to: "/approvals" },
      headers: { origin: server.url },
      maxRedirects: 0,
    });
    expect(answer.status()).toBe(409);
    expect((await server.events(id)).filter((event) => event.data.step === "refund").length).toBeGreaterThan(0);
  });
});
