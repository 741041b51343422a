import type { Answer } from "../http/answer.ts";
import type { EventSink, Log, OpenStream } from "../hub/ports.ts";
import type { Span } from "../hub/tracing.ts";

type Open = (sink: EventSink) => OpenStream | Answer;

/** `open`, with what it opens told. */
export type TellStream = (topics: number, span: Span | undefined, open: Open) => Open;

/**
 * Tells the beginning and the end of streams that are opened at debug level, each under a number that is its own while
 * the process lives. At other levels streams carry nothing for it.
 */
export const loggedStreams = (log: Pick<Log, "debug">, atDebug: () => boolean): TellStream => {
  let last = 0;
  return (topics, span, open) => {
    if (!atDebug()) return open;
    return (sink) => {
      const opened = open(sink);
      if (!("writable" in opened)) return opened;
      last += 1;
      const connection_id = last;
      log.debug("Stream opened", { connection_id, topics, ...(span === undefined ? {} : { trace_id: span.traceId }) });
      return {
        writable: () => opened.writable(),
        closed: () => {
          log.debug("Stream closed", { connection_id });
          opened.closed();
        },
      };
    };
  };
};
