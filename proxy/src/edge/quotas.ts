import type { Answer } from "../http/answer.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import { releasedWhenClosed } from "./released-stream.ts";

/** What one token or publish key may use. */
export interface Quotas {
  /** Milliseconds after which the publisher may publish again; undefined: this publish is allowed, and counted. */
  publish(publisher: string): number | undefined;
  /** Counts a stream of the token and returns what says that it is closed; undefined: it has all it may. */
  stream(token: string): (() => void) | undefined;
}

type Open = (sink: EventSink) => OpenStream | Answer;

/** `open`, with the stream counted for its token for as long as it is open. */
export const countedFor =
  (quotas: Quotas | undefined, token: string | undefined, refusal: () => Answer, open: Open): Open =>
  (sink) => {
    if (quotas === undefined || token === undefined) return open(sink);
    const release = quotas.stream(token);
    if (release === undefined) return refusal();
    const opened = open(sink);
    if (!("writable" in opened)) {
      release();
      return opened;
    }
    return releasedWhenClosed(opened, release);
  };
