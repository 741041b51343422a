import { z } from "zod";
import { cold, live, operated } from "./key.ts";
import { toSnakeCase } from "./key-names.ts";

/** `[journal]`: whether events are stored, and how much of the past can be resumed. */
export const journalSection = z
  .strictObject({
    enabled: cold(z.boolean().default(true), "Store events. false: no ids, no resume, at most once."),
    maxAgeSec: cold(z.int().min(60).max(31_536_000).default(3_600), "Seconds an event can be resumed or replayed."),
    maxEventsPerTopic: cold(
      z.int().min(1).max(1_000_000).default(1_000),
      "Events kept for each topic; the oldest go first.",
    ),
    maxBytes: cold(
      z.int().min(1_048_576).max(1_099_511_627_776).default(536_870_912),
      "Bytes kept for all topics together; the oldest events go first.",
    ),
    replicas: operated(z.int().min(1).max(5).default(1), "NATS servers that hold each event."),
    duplicateWindowSec: cold(
      z.int().min(1).max(3_600).default(120),
      "Seconds in which a repeated publish is recognised. At most max_age_sec.",
    ),
    publishTimeoutMs: cold(
      z.int().min(100).max(60_000).default(10_000),
      "Milliseconds a publish waits for the journal, retries included, before it is answered with 503.",
    ),
    maxInFlight: cold(
      z.int().min(1).max(100_000).default(1_000),
      "Publishes that may wait for the journal at once; further ones are answered with 503 at once.",
    ),
    sweepIntervalSec: cold(
      z.int().min(1).max(300).default(5),
      "Seconds between two comparisons of the served topics with the journal: the bound on late delivery after a loss inside NATS.",
    ),
    interestLingerSec: cold(
      z.int().min(0).max(3_600).default(15),
      "Seconds a proxy goes on following a topic after its last listener left.",
    ),
    maxReplays: live(
      z.int().min(1).max(1_000).default(8),
      "Reads of the journal that this proxy has under way at once for streams that are behind; further ones wait, topic after topic. More would hold up live events.",
    ),
    maxResumeEvents: live(
      z.int().min(0).max(100_000_000).default(0),
      "Events of the past that a stream which comes with an id, or with `last` or `since`, is given from the journal, give or take a page. Then it is told a revenprox.gap event (replay_limit) and goes on with the newest. 0: all that the journal holds.",
    ),
    maxResumeBytes: live(
      z.int().min(0).max(1_099_511_627_776).default(0),
      "The same in bytes of event stream. 0: no limit.",
    ),
    replayMirror: cold(
      z.boolean().default(true),
      "Keep a mirror of the journal for replays, so that they do not hold up live events. It takes max_bytes again on one of the NATS servers; without it, and while it lags, replays read the journal itself, a few at once.",
    ),
  })
  .prefault({})
  .describe("How much of the past can be resumed.");

/** Keys that mean nothing while the journal is off. */
const storageKeys = [
  "maxAgeSec",
  "maxEventsPerTopic",
  "maxBytes",
  "replicas",
  "duplicateWindowSec",
  "sweepIntervalSec",
  "maxReplays",
  "maxResumeEvents",
  "maxResumeBytes",
  "replayMirror",
] as const satisfies readonly (keyof z.output<typeof journalSection>)[];

/** TOML names of the keys that are set to something and do nothing, because the journal is off. */
export const unusedKeys = (journal: z.output<typeof journalSection>): readonly string[] => {
  if (journal.enabled) return [];
  const defaults = journalSection.parse({});
  return storageKeys.filter((key) => journal[key] !== defaults[key]).map(toSnakeCase);
};
