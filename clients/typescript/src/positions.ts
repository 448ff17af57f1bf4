// What a client keeps (docs/protocol.md): per topic, the position it has, and the log it is a position of.

import type { Gap, Subscribed } from "./messages.js";

export interface TopicRequest {
  topic: string;
  after?: number;
  epoch?: string;
}

interface Place {
  /** `undefined`: nothing is known yet, the subscription starts live. */
  after?: number;
  epoch?: string;
  /** The server has confirmed it over the present connection: its events are ours. */
  subscribed: boolean;
}

export class Positions {
  private readonly places = new Map<string, Place>();

  /** The topics wanted, subscribed or not yet. */
  topics(): string[] {
    return [...this.places.keys()];
  }

  has(topic: string): boolean {
    return this.places.has(topic);
  }

  /** It is wanted, and not subscribed over the present connection. */
  lacks(topic: string): boolean {
    return this.places.get(topic)?.subscribed === false;
  }

  /** The positions as they are, to be kept and given to another client later. */
  snapshot(): TopicRequest[] {
    return this.topics().map((topic) => this.request(topic));
  }

  want({ topic, after, epoch }: TopicRequest): void {
    if (after === undefined) {
      // Subscribing again to what one has changes nothing.
      if (!this.places.has(topic)) this.places.set(topic, { subscribed: false });
      return;
    }
    this.places.set(topic, { after, ...(epoch === undefined ? {} : { epoch }), subscribed: false });
  }

  forget(topic: string): void {
    this.places.delete(topic);
  }

  /** What to ask the server for: everything after what we have. */
  request(topic: string): TopicRequest {
    const { after, epoch } = this.places.get(topic) ?? {};
    return { topic, ...(after === undefined ? {} : { after }), ...(epoch === undefined ? {} : { epoch }) };
  }

  /** The connection is gone: nothing is subscribed, but the positions stay. */
  disconnected(): void {
    for (const place of this.places.values()) place.subscribed = false;
  }

  subscribed({ topic, position, recovered }: Subscribed, epoch: string): void {
    const place = this.places.get(topic);
    if (!place) return;
    // A gap follows. Should it be lost with the connection, the next is asked the same again.
    if (!recovered && place.after !== undefined) place.subscribed = true;
    else this.places.set(topic, { after: place.after ?? position, epoch, subscribed: true });
  }

  gap({ topic, to }: Gap, epoch: string): void {
    const place = this.places.get(topic);
    if (place) this.places.set(topic, { after: to, epoch, subscribed: place.subscribed });
  }

  /** The topics an event is news of; of an event without a position, those that are subscribed. */
  news(topics: string[], position: number | null): string[] {
    return topics.filter((topic) => {
      const place = this.places.get(topic);
      if (!place?.subscribed) return false;
      if (position === null) return true;
      if (place.after !== undefined && position <= place.after) return false;
      place.after = position;
      return true;
    });
  }
}

/** Names and requests, one or several, as requests. */
export function asRequests(topics: string | TopicRequest | (string | TopicRequest)[]): TopicRequest[] {
  return [topics].flat().map((topic) => (typeof topic === "string" ? { topic } : topic));
}
