import type { Clock, Log, StoredEvent } from "../hub/ports.ts";
import { boundedWarning } from "./bounded-log.ts";
import type { ClockOffset } from "./clock-offset.ts";
import { readEvent } from "./event-message.ts";
import type { JournalHeaders } from "./raw-headers.ts";

export interface StoredEventReaderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly offset: ClockOffset;
  readonly onMalformed: () => void;
  /** Most bytes of one event, as configured at the moment. */
  readonly maxEventSize: () => number;
}

/** Makes a journal entry of a message; a malformed one keeps its sequence, has no event, and is counted. */
export const createStoredEventReader = (deps: StoredEventReaderDeps) => {
  const warn = boundedWarning(
    deps,
    "A message on the bus is no event and was skipped; check what publishes straight to NATS",
  );
  /** What was accepted under a higher limit is still an event after it was lowered. */
  let mostBytes = 0;
  return (headers: JournalHeaders, data: Uint8Array, expectedServerHeaders: number): StoredEvent => {
    const { sequence } = headers;
    const acceptedAt = deps.offset.toLocal(headers.timestamp, deps.clock.now());
    mostBytes = Math.max(mostBytes, deps.maxEventSize());
    const read = readEvent(headers, data, { serverHeaders: expectedServerHeaders, mostBytes });
    if (read.kind === "event") return { sequence, acceptedAt, event: read.event };
    deps.onMalformed();
    warn({ cause: read.reason, sequence });
    return { sequence, acceptedAt };
  };
};
