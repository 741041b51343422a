import type { OpenStream } from "../hub/ports.ts";

/** `opened`, which calls `release` first when it is closed. A function of its own, so that a stream keeps these two and not all that its opening needed. */
export const releasedWhenClosed = (opened: OpenStream, release: () => void): OpenStream => ({
  writable: () => opened.writable(),
  closed: () => {
    release();
    opened.closed();
  },
});
