// When a token is fetched anew.

import type { Clock } from "./config.js";
import { SignalboxError } from "./errors.js";

/** A token is renewed when this share of the time it has left is over; the rest is for the way, and for other tries. */
const RENEW_AT = 0.8;
/** And never sooner than that: by a clock that is ahead of the server's, no token may have any time left. */
const LEAST_MS = 1_000;
/** The longest delay timers take. */
const MOST_MS = 2 ** 31 - 1;

export class Renewal {
  private timer: unknown;

  /** `renew`: resolves when there is an answer to a fresh token. What it fails with is told to `report`. */
  constructor(
    private readonly clock: Clock,
    private readonly renew: () => Promise<unknown>,
    private readonly report: (error: unknown) => void,
  ) {}

  /** The server took a token, until then. */
  before(expiresAt: number): void {
    this.stop();
    const ms = Math.min(Math.max(LEAST_MS, (expiresAt - this.clock.now()) * RENEW_AT), MOST_MS);
    const timer = this.clock.setTimeout(() => {
      this.renew().catch((error: unknown) => {
        this.report(error);
        // What the server took before holds as long as it did.
        if (this.timer === timer && !isFinal(error)) this.before(expiresAt);
      });
    }, ms);
    this.timer = timer;
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
    this.timer = undefined;
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof SignalboxError && !error.temporary;
}
