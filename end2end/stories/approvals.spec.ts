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

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    for (const place of ["its execution", "the inbox"]) {
      test(`an answer that does not fit is refused at ${place}, kept, corrected and counted once`, async ({
        page,
        server,
        complaints,
      }) => {
        complaints.allow(/status of 422/);
        await server.register(ASKING);
        // Another one asks the same: what was entered for one must not turn up in the other's form.
        const other = await server.submit("stories/asking", { customer: "Grace" });
        const id = await server.submit("stories/asking", { customer: "Ada" });
        for (const one of [other, id]) {
          await expect.poll(async () => (await server.events(one)).map((event) => event.type)).toContain("approval_requested");
        }
        const where = place === "the inbox" ? "/approvals" : `/executions/${id}`;
        await page.goto(where);
        if (javaScriptEnabled) await live(page);
        const asked = page.getByRole("region", { name: /^ask (in|waits)/ }).filter({ hasText: "May Ada" });
        // What a browser without checks of its own would send.
        await page.evaluate(() => {
          for (const field of document.querySelectorAll<HTMLInputElement>("input[type=number]")) field.type = "text";
        });
        await asked.getByLabel("Amount in EUR").fill("a dozen");
        await asked.getByLabel("team").selectOption("support");
        await asked.getByLabel("It is urgent").check();
        await asked.getByLabel("note").fill("she was kind");
        await asked.getByRole("button", { name: "Approve ask" }).click();

        const problem = page.getByTestId("form-problem");
        await expect(problem).toContainText("amount");
        if (place === "the inbox") await expect(asked.getByTestId("form-problem")).toBeVisible();
        await expect(asked.getByLabel("Amount in EUR")).toHaveValue("a dozen");
        await expect(asked.getByLabel("team")).toHaveValue("support");
        await expect(asked.getByLabel("It is urgent")).toBeChecked();
        await expect(asked.getByLabel("note")).toHaveValue("she was kind");
        if (place === "the inbox") {
          const beside = page.getByRole("region", { name: /^ask in/ }).filter({ hasText: "May Grace" });
          await expect(beside.getByLabel("note")).toHaveValue("");
        }
        expect((await server.execution(id)).outcome, "nothing was answered").toBeNull();

        await asked.getByLabel("Amount in EUR").fill("12");
        await asked.getByRole("button", { name: "Approve ask" }).click();
        await expect(page.getByTestId("form-problem")).toHaveCount(0);
        await expect.poll(async () => (await server.execution(id)).outcome).toBe("completed");

        // The same once more, by somebody whose page is old: told, not done twice.
        const again = await page.request.post("/api/sf/answer_approval", {
          form: { execution_id: id, step: "ask", visit: "1", "fields[approved]": "true", "fields[amount]": "3", return_to: "/approvals" },
          headers: { origin: server.url },
          maxRedirects: 0,
        });
        expect(again.status()).toBe(409);
        const answers = (await server.events(id)).filter((event) => event.type === "signal_received");
        expect(answers.map((event) => event.data.data)).toEqual([
          { approved: true, amount: 12, team: "support", urgent: true, note: "she was kind" },
        ]);
      });
    }
  });
}
