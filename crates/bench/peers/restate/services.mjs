// The same work as the bench's playbooks, as Restate's users write it: a step is a durable `ctx.run`, an item of
// many a call of another service.
import * as restate from "@restatedev/restate-sdk";

/** When each step of a run was done, ms: run → one time per step. Emptied by whoever measures. */
export const done = new Map();

const item = restate.service({ name: "item", handlers: { run: async (_ctx, i) => i * 2 } });

const chain = restate.service({
  name: "chain",
  handlers: {
    run: async (ctx, { run, steps }) => {
      let value = 0;
      for (let i = 0; i < steps; i++) {
        const before = value;
        value = await ctx.run(`s${i}`, async () => {
          if (!done.has(run)) done.set(run, []);
          done.get(run)[i] = performance.now();
          return before + 1;
        });
      }
      return value;
    },
  },
});

const fan = restate.service({
  name: "fan",
  handlers: {
    steps: async (ctx, count) => {
      const steps = Array.from({ length: count }, (_, i) => ctx.run(`i${i}`, async () => i * 2));
      return (await restate.RestatePromise.all(steps)).reduce((a, b) => a + b, 0);
    },
    items: async (ctx, count) => {
      const calls = Array.from({ length: count }, (_, i) => ctx.serviceClient(item).run(i));
      return (await restate.RestatePromise.all(calls)).reduce((a, b) => a + b, 0);
    },
  },
});

export const endpoint = () => restate.endpoint().bind(item).bind(chain).bind(fan);
