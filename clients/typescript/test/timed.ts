import { type TestContext, test as untimed } from "node:test";

/** A test that does not end within a minute has failed. */
export function test(name: string, run: (t: TestContext) => unknown): void {
  void untimed(name, { timeout: 60_000 }, async (t) => {
    await run(t);
  });
}
