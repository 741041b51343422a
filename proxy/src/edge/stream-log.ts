import type { Log, OpenStream } from "../hub/ports.ts";
import type { Span } from "../hub/tracing.ts";

/** A stream that was opened, told; what is returned is to be told of its end. */
export type TellStream = (opened: OpenStream, topics: number, span: Span | undefined) => OpenStream;

/**
 * Tells the beginning and the end of streams that are opened at debug level, each under a number that is its own while
 * the process lives. At other levels streams carry nothing for it.
 */
export const loggedStreams = (log: Pick<Log, "debug">, atDebug: () => boolean): TellStream => {
  let last = 0;
  return (opened, topics, span) => {
    if (!atDebug()) return opened;
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
