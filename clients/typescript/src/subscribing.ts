// Subscriptions that somebody asks for and waits for, in as many frames as they take.

import { isDisconnected, isRateLimited, SignalboxError } from "./errors.js";
import type { Subscribed } from "./messages.js";
import { portions } from "./portions.js";
import type { Positions, TopicRequest } from "./positions.js";
import type { Fields } from "./requests.js";
import { AGAIN_MS } from "./resuming.js";

/** A frame that is too fast is sent so often at most: of 2,000 topics, the most taken at once, it is not any more after 20 s. */
const TRIES = 30;

export class Subscribing {
  /** Those that wait to ask again, one after the other: many at once would be too fast again, and the end. */
  private line: Promise<void> = Promise.resolve();

  /** `ask`: sends it when there is a connection. `frameBytes`: of the largest message the server takes. */
  constructor(
    private readonly positions: Positions,
    private readonly ask: (frame: Fields) => Promise<unknown>,
    private readonly frameBytes: () => number | undefined,
    private readonly sleep: (ms: number) => Promise<void>,
    private readonly report: (error: unknown) => void,
  ) {}

  async subscribe(wanted: TopicRequest[]): Promise<Subscribed[]> {
    const added = wanted.map(({ topic }) => topic).filter((topic) => !this.positions.has(topic));
    for (const request of wanted) this.positions.want(request);
    const told: Subscribed[] = [];
    let left = wanted.map(({ topic }) => topic);
    let tries = 0;
    do {
      const [topics = []] = portions(left.map((topic) => this.positions.request(topic)), this.frameBytes());
      try {
        told.push(...((await this.ask({ type: "subscribe", topics })) as Subscribed[]));
        left.splice(0, topics.length);
        tries = 0;
      } catch (error) {
        // The next connection subscribes to everything wanted; asking again only says when.
        if (isDisconnected(error)) continue;
        if (!(await this.isToBeAskedAgain(error, (tries += 1)))) {
          if (!(error instanceof SignalboxError && error.temporary)) await this.giveUp(added, left);
          throw error;
        }
      }
      // Meanwhile somebody may have unsubscribed.
      left = left.filter((topic) => this.positions.has(topic));
    } while (left.length > 0);
    return told;
  }

  async unsubscribe(topics: string[]): Promise<void> {
    for (const topic of topics) this.positions.forget(topic);
    let left = [...topics];
    let tries = 0;
    do {
      const [asked = []] = portions(left, this.frameBytes());
      try {
        await this.ask({ type: "unsubscribe", topics: asked });
        left.splice(0, asked.length);
        tries = 0;
      } catch (error) {
        // With the connection went the subscriptions.
        if (isDisconnected(error)) return;
        if (!(await this.isToBeAskedAgain(error, (tries += 1)))) throw error;
      }
      // Meanwhile somebody may have subscribed again.
      left = left.filter((topic) => !this.positions.has(topic));
    } while (left.length > 0);
  }

  /** When the server was asked too fast, and not too often yet: waits as long as it says. */
  private async isToBeAskedAgain(error: unknown, tries: number): Promise<boolean> {
    if (!isRateLimited(error) || tries >= TRIES) return false;
    this.line = this.line.then(() => this.sleep(AGAIN_MS));
    await this.line;
    return true;
  }

  /** They are refused together, in however many frames they were asked for: those before `left` were made. */
  private async giveUp(topics: string[], left: string[]): Promise<void> {
    const made = topics.filter((topic) => !left.includes(topic));
    for (const topic of topics) this.positions.forget(topic);
    if (made.length > 0) await this.unsubscribe(made).catch(this.report);
  }
}
