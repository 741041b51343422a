import type { PublishedEvent, TopicId } from "./event.ts";
import { type Journal, JournalUnavailable } from "./ports.ts";
import { type PublishResult, publishOnce } from "./publish-once.ts";

/** One line of a batch; with a message id it is stored once within the duplicate window. */
export interface BatchLine {
  readonly event: PublishedEvent;
  readonly messageId?: string;
}

/** `results`: one for each line, in order. Else nothing of the batch was stored, or, for `unknown`, perhaps all of it; without a journal perhaps some. */
export type BatchResult =
  | { readonly kind: "results"; readonly results: readonly PublishResult[] }
  | Exclude<PublishResult, { readonly kind: "stored" | "sent" | "conflict" }>;

type BatchJournal = Pick<Journal, "publish" | "publishTogether" | "mostTogether" | "read" | "keepsNothing">;

/** After these outcomes the lines that follow would only wait for the same answer. */
const stopping: ReadonlySet<PublishResult["kind"]> = new Set(["unavailable", "unknown", "busy"]);

const isRefusal = (result: PublishResult): result is Exclude<BatchResult, { readonly kind: "results" }> =>
  result.kind !== "stored" && result.kind !== "sent" && result.kind !== "conflict";

const together = async (
  journal: BatchJournal,
  topicId: TopicId,
  events: readonly PublishedEvent[],
): Promise<BatchResult> => {
  try {
    const outcome = await journal.publishTogether(topicId, events);
    if (outcome.kind === "sent") return { kind: "results", results: events.map(() => outcome) };
    if (outcome.kind !== "stored") return outcome;
    const { epoch, sequence: last } = outcome.cursor;
    const results = events.map((_, index) => ({
      kind: "stored" as const,
      cursor: { epoch, sequence: last - events.length + 1 + index },
    }));
    return { kind: "results", results };
  } catch (error) {
    if (error instanceof JournalUnavailable) return { kind: "unavailable" };
    throw error;
  }
};

/** In turn, so that the order of the lines holds; the lines after an outage are not tried. */
const oneByOne = async (journal: BatchJournal, topicId: TopicId, lines: readonly BatchLine[]): Promise<BatchResult> => {
  const results: PublishResult[] = [];
  for (const { event, messageId } of lines) {
    const result = await publishOnce(journal, topicId, event, messageId);
    if (stopping.has(result.kind)) {
      if (results.length === 0 && isRefusal(result)) return result;
      const untried = Array.from({ length: lines.length - results.length - 1 }, () => ({
        kind: "unavailable" as const,
      }));
      return { kind: "results", results: [...results, result, ...untried] };
    }
    results.push(result);
  }
  return { kind: "results", results };
};

/**
 * Publishes the lines in order: as a whole or not at all where the journal can and no line has a message id
 * (one repetition would refuse the whole), else one after the other.
 */
export const publishBatch = (
  journal: BatchJournal,
  topicId: TopicId,
  lines: readonly BatchLine[],
): Promise<BatchResult> => {
  const isPlain = lines.every(({ messageId }) => messageId === undefined);
  if (!isPlain && journal.keepsNothing === true) return Promise.resolve({ kind: "journal-off" });
  const whole = lines.length <= journal.mostTogether && isPlain;
  return whole
    ? together(
        journal,
        topicId,
        lines.map(({ event }) => event),
      )
    : oneByOne(journal, topicId, lines);
};
