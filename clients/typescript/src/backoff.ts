// How long to wait before the next try to connect.

export interface BackoffOptions {
  /** The first pause is up to this long. */
  initialMs?: number;
  /** No pause is longer. */
  maxMs?: number;
}

/** Full jitter: anything from nothing to twice as long each time, so that clients that left together come back apart. */
export class Backoff {
  private attempts = 0;
  private readonly initialMs: number;
  private readonly maxMs: number;

  constructor(
    { initialMs = 500, maxMs = 30_000 }: BackoffOptions,
    private readonly random: () => number,
  ) {
    this.initialMs = initialMs;
    this.maxMs = maxMs;
  }

  /** It worked: the next pause is short again. */
  reset(): void {
    this.attempts = 0;
  }

  /** `afterMs`: what the server asked for; the jitter comes on top. */
  pauseMs(afterMs = 0): number {
    const longest = Math.min(this.maxMs, this.initialMs * 2 ** Math.min(this.attempts, 30));
    this.attempts += 1;
    return afterMs + this.random() * longest;
  }
}

/** Whether a connection that was closed with this code should not be opened again as it is. */
export function isTerminal(code: number): boolean {
  return (code >= 4400 && code <= 4499) || code === 1002 || code === 1007 || code === 1009;
}
