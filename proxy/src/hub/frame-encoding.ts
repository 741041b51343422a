import type { PublishedEvent, Topic } from "./event.ts";
import { eventFrame } from "./sse-frame.ts";

/** `envelope`: the data of each event is `{"topic","id","event","data"}` as JSON, so that it says where it comes from; without `id` where there is none. */
export type FrameEncoding = "plain" | "envelope";

export interface EncodedFrom {
  readonly topic: Topic;
  /** The event's own id. */
  readonly id: string;
  /** The id that the client holds afterwards: the event's own, or a newer one where the event comes late. */
  readonly place: string;
  readonly event: PublishedEvent;
}

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });
/** What clients dispatch an event without a type as (WHATWG). */
const defaultType = "message";

/** JSON escapes line ends, so an envelope is one line. */
const enveloped = ({ topic, id, event }: EncodedFrom): Uint8Array =>
  utf8.encode(
    JSON.stringify({ topic, id: id || undefined, event: event.type ?? defaultType, data: fromUtf8.decode(event.data) }),
  );

export const encodedFrame = (encoding: FrameEncoding, from: EncodedFrom): Uint8Array =>
  eventFrame(from.place, encoding === "plain" ? from.event : { ...from.event, data: enveloped(from) });
