import type { Topic, TopicId } from "../event.ts";
import { createHub, type Hub } from "../hub.ts";
import type { HubBounds } from "../hub-bounds.ts";
import type { HubSettings } from "../hub-settings.ts";
import type { Journal, Log, OpenStream } from "../ports.ts";
import { CountingMetrics } from "./counting-metrics.ts";
import { ManualClock } from "./manual-clock.ts";
import { ModelJournal } from "./model-journal.ts";
import { RecordingSink } from "./recording-sink.ts";

export interface HubUnderTest<Bus extends Journal = ModelJournal> {
  readonly hub: Hub;
  readonly clock: ManualClock;
  readonly journal: Bus;
  readonly metrics: CountingMetrics;
  /** What the hub reported as an error; empty at the end of a good test. */
  readonly errors: readonly string[];
  /** May be changed while the hub runs. */
  readonly settings: { -readonly [Key in keyof HubSettings]: HubSettings[Key] };
}

export const topicOf = (name: string): { readonly topic: Topic; readonly topicId: TopicId } => ({
  topic: name as Topic,
  topicId: [...new TextEncoder().encode(name)]
    .map((byte) => byte.toString(16))
    .join("")
    .padStart(32, "0") as TopicId,
});

export const text = (data: string): { readonly data: Uint8Array } => ({ data: new TextEncoder().encode(data) });

export const hubOn = <Bus extends Journal>(clock: ManualClock, journal: Bus, bounds?: HubBounds): HubUnderTest<Bus> => {
  const metrics = new CountingMetrics();
  const errors: string[] = [];
  const quiet = () => undefined;
  const error: Log["error"] = (message, fields) => void errors.push(`${message} ${String(fields?.["fault"])}`);
  const settings: HubUnderTest["settings"] = { maxConnections: 100, keepaliveIntervalSec: 15, retryMs: 2_000 };
  const dependencies = {
    journal,
    clock,
    random: () => 0.5,
    metrics,
    log: { debug: quiet, info: quiet, warn: quiet, error },
    settings: () => settings,
    sweepIntervalSec: 5,
    interestLingerSec: 3,
  };
  return { hub: createHub(dependencies, bounds), clock, journal, metrics, errors, settings };
};

export const hubOnModel = (bounds?: HubBounds): HubUnderTest => {
  const clock = new ManualClock();
  return hubOn(clock, new ModelJournal(clock), bounds);
};

export interface OpenClient {
  readonly sink: RecordingSink;
  readonly stream: OpenStream;
}

/** `names`: topics, with a plus sign between them. */
export const openOn = ({ hub }: { readonly hub: Hub }, names: string, lastEventId?: string): OpenClient => {
  const sink = new RecordingSink();
  const stream = hub.open({ topics: names.split("+").map(topicOf), encoding: "plain", lastEventId }, sink);
  if ("refused" in stream) throw new Error(`refused: ${stream.refused}`);
  return { sink, stream };
};
