// Calls handlers, and says what fails in them.

import type { Handlers } from "./config.js";

export class Teller {
  constructor(
    private readonly handlers: Handlers,
    private readonly say: (line: string) => void,
  ) {}

  tell<Name extends keyof Handlers>(name: Name, ...args: Parameters<NonNullable<Handlers[Name]>>): void {
    try {
      const called: unknown = (this.handlers[name] as ((...args: unknown[]) => unknown) | undefined)?.apply(this.handlers, args);
      // Of an async handler nobody else hears that it failed, and Node ends a program for that.
      if (isThenable(called)) called.then(undefined, (error: unknown) => this.failed(name, error));
    } catch (error) {
      this.failed(name, error);
    }
  }

  report(error: unknown): void {
    this.say(`error: ${String(error)}`);
    this.tell("onError", error instanceof Error ? error : new Error(String(error)));
  }

  private failed(name: keyof Handlers, error: unknown): void {
    if (name === "onError") console.error("signalbox: onError failed", error);
    else this.report(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
