import { afterAll, beforeAll } from "vitest";
import type { PublishedEvent, TopicId } from "../../hub/event.ts";
import type { Cursor, Journal, LiveEvent, StoredEvent } from "../../hub/ports.ts";
import type { RecordingListener } from "./recording-listener.ts";

/** A journal as two proxies see it; both are the same object where the journal belongs to one process. */
export interface JournalUnderTest {
  readonly publisher: Journal;
  readonly follower: Journal;
  readonly listener: RecordingListener;
  close(): Promise<void>;
}

/** Events kept for each topic in the journals under test. */
export const eventsPerTopic = 250;

export const text = (data: string): PublishedEvent => ({ data: new TextEncoder().encode(data) });
export const dataOf = (event: StoredEvent): string | undefined =>
  event.event === undefined ? undefined : new TextDecoder().decode(event.event.data);

/** A journal for all tests of a `describe`, made before the first and closed after the last, and what they do with it. */
export const journalStage = (create: () => Promise<JournalUnderTest>) => {
  let made: JournalUnderTest;
  let topics = 0;

  beforeAll(async () => {
    made = await create();
  });
  afterAll(() => made.close());

  const topic = (): TopicId => {
    topics += 1;
    return topics.toString(16).padStart(32, "0") as TopicId;
  };
  const store = async (topicId: TopicId, event: PublishedEvent): Promise<Cursor> => {
    const outcome = await made.publisher.publish(topicId, event);
    if (outcome.kind !== "stored") throw new Error(`not stored: ${outcome.kind}`);
    return outcome.cursor;
  };
  const storeMany = (topicId: TopicId, count: number): Promise<Cursor[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => store(topicId, text(`event ${index}`))));
  const follow = async (topicId: TopicId) => {
    const told: LiveEvent[] = [];
    const following = await made.follower.follow(topicId, (event) => told.push(event));
    return { told, stop: () => following.stop() };
  };
  const readAll = async (topicId: TopicId, after: number) => {
    const events: StoredEvent[] = [];
    let missed = false;
    for (let from = after, end = false; !end; ) {
      const page = await made.follower.read(topicId, from);
      events.push(...page.events);
      missed ||= page.missed;
      end = page.end;
      from = page.completeTo;
    }
    return { events, missed };
  };

  return {
    get made() {
      return made;
    },
    /** One that no other test uses. */
    topic,
    store,
    storeMany,
    follow,
    readAll,
  };
};

export type JournalStage = ReturnType<typeof journalStage>;
