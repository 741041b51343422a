import type { PublishedEvent, TopicId } from "./event.ts";
import { type Journal, JournalUnavailable, type PublishOutcome } from "./ports.ts";
import { mended, type Soon, whenThere } from "./soon.ts";

/**
 * `conflict`: the message id belongs to another event of the topic, and this one was not stored.
 * `journal-off`: it has a message id, and nothing is kept by which a repetition would be known; it was not sent.
 */
export type PublishResult = PublishOutcome | { readonly kind: "conflict" } | { readonly kind: "journal-off" };

type Stored = Extract<PublishOutcome, { kind: "stored" }>;

type Found = { readonly kind: "event"; readonly event: PublishedEvent | undefined } | { readonly kind: "gone" };

/** A server of the journal may lag a little behind the one that took the event. */
const looks = 5;

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

const sameEvent = (a: PublishedEvent, b: PublishedEvent): boolean =>
  a.type === b.type && a.retry === b.retry && sameBytes(a.data, b.data);

const eventAt = async (journal: Pick<Journal, "read">, topicId: TopicId, sequence: number): Promise<Found> => {
  for (let look = 0; look < looks; look += 1) {
    const { events, completeTo } = await journal.read(topicId, sequence - 1);
    const found = events.find((stored) => stored.sequence === sequence);
    if (found !== undefined) return { kind: "event", event: found.event };
    if (completeTo >= sequence) break;
  }
  return { kind: "gone" };
};

/**
 * Publishes, and compares a repeated message id with what is stored under it. Where that is gone already,
 * the repetition is believed: it is answered with the first one's place.
 */
export const publishOnce = (
  journal: Pick<Journal, "publish" | "read" | "keepsNothing">,
  topicId: TopicId,
  event: PublishedEvent,
  messageId?: string,
): Soon<PublishResult> => {
  if (messageId !== undefined && journal.keepsNothing === true) return { kind: "journal-off" };
  return mended<PublishResult>(
    () =>
      messageId === undefined
        ? journal.publish(topicId, event)
        : whenThere<PublishOutcome, PublishResult>(journal.publish(topicId, event, messageId), (outcome) =>
            outcome.kind === "stored" && outcome.duplicate === true
              ? compared(journal, topicId, event, outcome)
              : outcome,
          ),
    unlessUnavailable,
  );
};

const compared = async (
  journal: Pick<Journal, "read">,
  topicId: TopicId,
  event: PublishedEvent,
  outcome: Stored,
): Promise<PublishResult> => {
  const found = await eventAt(journal, topicId, outcome.cursor.sequence);
  if (found.kind === "gone") return outcome;
  return found.event !== undefined && sameEvent(event, found.event) ? outcome : { kind: "conflict" };
};

const unlessUnavailable = (error: unknown): PublishResult => {
  if (error instanceof JournalUnavailable) return { kind: "unavailable" };
  throw error;
};
