// Subscriptions that are made again, and those that are not ours any more.

import { isDisconnected, SignalboxError } from "./errors.js";
import type { Positions } from "./positions.js";
import type { Fields } from "./requests.js";

export class Resuming {
  /** `ask`: sends it now and resolves with its answer, or is `null` where there is no connection. */
  constructor(
    private readonly positions: Positions,
    private readonly ask: (frame: Fields) => Promise<unknown> | null,
    private readonly report: (error: unknown) => void,
  ) {}

  /** Over a new connection: one frame for all, each topic from where it was. */
  async all(): Promise<void> {
    await this.resume(this.positions.topics());
  }

  /** With a lesser role these are not ours to see any more: asked for again, they would be refused. */
  hidden(topics: string[]): void {
    for (const topic of topics.filter((topic) => this.positions.has(topic))) {
      this.positions.forget(topic);
      this.report(new SignalboxError("forbidden", `topic \`${topic}\` is not this client's to see any more`, false));
    }
  }

  private async resume(topics: string[]): Promise<void> {
    if (topics.length === 0) return;
    try {
      await this.ask({ type: "subscribe", topics: topics.map((topic) => this.positions.request(topic)) });
    } catch (error) {
      // With the connection went the subscriptions, and with the client who wanted them.
      if (isDisconnected(error) || (error instanceof SignalboxError && error.code === "closed")) return;
      const isRefused = error instanceof SignalboxError && !error.temporary;
      if (isRefused && topics.length > 1) {
        // A frame is refused whole: for which of its topics is found by asking for each.
        for (const topic of topics) if (this.positions.has(topic)) await this.resume([topic]);
        return;
      }
      if (isRefused) for (const topic of topics) this.positions.forget(topic);
      this.report(error);
    }
  }
}
