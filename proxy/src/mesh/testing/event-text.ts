import type { PublishedEvent, TopicId } from "../../hub/event.ts";
import type { Cursor, Journal, StoredEvent } from "../../hub/ports.ts";

export const event = (data: string): PublishedEvent => ({ data: new TextEncoder().encode(data) });

export const dataOf = (stored: StoredEvent): string | undefined =>
  stored.event === undefined ? undefined : new TextDecoder().decode(stored.event.data);

export const topicNumber = (number: number): TopicId => number.toString(16).padStart(32, "0") as TopicId;

/** Publishes one event and insists that it was stored. */
export const store = async (journal: Journal, topicId: TopicId, data: string): Promise<Cursor> => {
  const outcome = await journal.publish(topicId, event(data));
  if (outcome.kind !== "stored") throw new Error(`not stored: ${outcome.kind}`);
  return outcome.cursor;
};

/** Everything of a topic from the beginning, page by page. */
export const readAll = async (journal: Journal, topicId: TopicId): Promise<StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for (let after = 0, end = false; !end; ) {
    const page = await journal.read(topicId, after);
    events.push(...page.events);
    ({ end, completeTo: after } = page);
  }
  return events;
};
