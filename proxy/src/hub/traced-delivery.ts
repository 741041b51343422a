import type { EventTrace } from "./event.ts";
import type { Clock } from "./ports.ts";
import type { DeliveryFacts, DeliverySpan, DeliveryTracing } from "./tracing.ts";

export interface TracedDeliveryParts {
  readonly tracing?: DeliveryTracing | undefined;
  readonly clock: Clock;
}

/** Begins an event's span. `alone`: streams that listen to its topic alone, whose next pass ends the span. */
export const tracedDelivery = (
  { tracing, clock }: TracedDeliveryParts,
  trace: EventTrace,
  facts: DeliveryFacts,
  alone: number,
): DeliverySpan | undefined => {
  const span = tracing?.delivering(trace, facts);
  // Streams of several topics get it from their channel, in a later turn.
  if (span !== undefined && alone === 0) clock.endOfTurn(() => span.end());
  return span;
};
