// Subscriptions that are made again, and those that are not ours any more.

import { isDisconnected, SignalboxError } from "./errors.js";
import { portions } from "./portions.js";
import type { Positions } from "./positions.js";
import type { Fields } from "./requests.js";

/** After so long what was refused for now is asked for again. */
export const AGAIN_MS = 1_000;

export class Resuming {
  private run = 0;

  /**
   * `ask`: sends it now and resolves with its answer, or is `null` where there is no connection. `frameBytes`: of the
   * largest message the server takes.
   */
  constructor(
    private readonly positions: Positions,
    private readonly ask: (frame: Fields) => Promise<unknown> | null,
    private readonly frameBytes: () => number | undefined,
    private readonly sleep: (ms: number) => Promise<void>,
    private readonly report: (error: unknown) => void,
  ) {}

  /** Over a new connection: as few frames as hold them, one after the other, each topic from where it was. */
  async all(): Promise<void> {
    this.run += 1;
    const run = this.run;
    const left = portions(this.positions.snapshot(), this.frameBytes()).map((asked) => asked.map(({ topic }) => topic));
    for (let topics = left.shift(); topics; topics = left.shift()) {
      const lacking = topics.filter((topic) => this.positions.lacks(topic));
      if (lacking.length === 0) continue;
      const error = await this.resume(lacking);
      // Another connection has begun anew, or there is none.
      if (error === "over" || run !== this.run) return;
      if (error === null) continue;
      if (error.temporary) {
        this.report(error);
        await this.sleep(AGAIN_MS);
        if (run !== this.run) return;
        left.unshift(lacking);
      } else if (lacking.length > 1) {
        // A frame is refused whole: for which of its topics is found by asking for each.
        left.push(...lacking.map((topic) => [topic]));
      } else {
        for (const topic of lacking) this.positions.forget(topic);
        this.report(error);
      }
    }
  }

  /** With a lesser role these are not ours to see any more: asked for again, they would be refused. */
  hidden(topics: string[]): void {
    for (const topic of topics.filter((topic) => this.positions.has(topic))) {
      this.positions.forget(topic);
      this.report(new SignalboxError("forbidden", `topic \`${topic}\` is not this client's to see any more`, false));
    }
  }

  private async resume(topics: string[]): Promise<SignalboxError | "over" | null> {
    const answer = this.ask({ type: "subscribe", topics: topics.map((topic) => this.positions.request(topic)) });
    if (answer === null) return "over";
    try {
      await answer;
      return null;
    } catch (error) {
      // With the connection went the subscriptions, and with the client who wanted them.
      const isOver = !(error instanceof SignalboxError) || isDisconnected(error) || error.code === "closed";
      return isOver ? "over" : error;
    }
  }
}
