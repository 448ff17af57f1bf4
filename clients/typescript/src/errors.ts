/** A command, subscription or message that was refused, or lost on the way. */
export class SignalboxError extends Error {
  constructor(
    /** Stable, of docs/errors.md; `disconnected` and `closed` are this client's own. */
    readonly code: string,
    message: string,
    /** The same may succeed later. */
    readonly temporary: boolean,
  ) {
    super(message);
    this.name = "SignalboxError";
  }

  /** The connection broke before the answer: it may have been done or not. */
  static disconnected(): SignalboxError {
    return new SignalboxError("disconnected", "the connection broke before the answer came", true);
  }

  static closed(why: string): SignalboxError {
    return new SignalboxError("closed", `the client is closed: ${why}`, false);
  }
}

export function isDisconnected(error: unknown): boolean {
  return error instanceof SignalboxError && error.code === "disconnected";
}

/** The server takes the same a little later. */
export function isRateLimited(error: unknown): boolean {
  return error instanceof SignalboxError && error.code === "rate_limited";
}
