import type { EventType } from "./event.ts";

export const maxEventTypeBytes = 256;
export const reservedEventTypePrefix = "revenprox.";
export const retryBounds = { min: 1_000, max: 60_000 } as const;

export type EventTypeFault = "line-end" | "too-long" | "reserved" | "not-utf8";
export type ParsedEventType =
  | { readonly kind: "type"; readonly type: EventType }
  | { readonly kind: "default" }
  | { readonly kind: "refused"; readonly reason: EventTypeFault };

// biome-ignore lint/suspicious/noControlCharactersInRegex: these three would break the frame
const frameBreaker = /[\u0000\n\r]/;
const loneSurrogate = /\p{Surrogate}/u;
const utf8 = new TextEncoder();

const refused = (reason: EventTypeFault): ParsedEventType => ({ kind: "refused", reason });

/** An empty type is the default one (`message`), as the WHATWG standard has it. */
export const parseEventType = (text: string): ParsedEventType => {
  if (text === "") return { kind: "default" };
  if (frameBreaker.test(text)) return refused("line-end");
  if (loneSurrogate.test(text)) return refused("not-utf8");
  if (utf8.encode(text).length > maxEventTypeBytes) return refused("too-long");
  if (text.startsWith(reservedEventTypePrefix)) return refused("reserved");
  return { kind: "type", type: text as EventType };
};

/** Milliseconds within `retryBounds`; undefined when it is no number of milliseconds at all. */
export const clampRetry = (milliseconds: number): number | undefined =>
  Number.isInteger(milliseconds) && milliseconds >= 0
    ? Math.min(retryBounds.max, Math.max(retryBounds.min, milliseconds))
    : undefined;
