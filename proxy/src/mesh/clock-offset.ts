/** Milliseconds by which the journal's clock is ahead of this process's. */
export interface ClockOffset {
  /** A server time stamp that was taken between `sentAt` and `receivedAt` of this process's clock. */
  sample(serverTime: number, sentAt: number, receivedAt: number): void;
  /** 0 until the first sample. */
  readonly milliseconds: number;
  /** Server time in this process's clock, never later than `now`. */
  toLocal(serverTime: number, now: number): number;
}

const keptSamples = 8;

/** The sample with the shortest round trip is the most exact one (as in NTP's clock filter); the last 8 count. */
export const createClockOffset = (): ClockOffset => {
  const samples: { readonly offset: number; readonly roundTrip: number }[] = [];
  let best = 0;
  return {
    sample: (serverTime, sentAt, receivedAt) => {
      const roundTrip = receivedAt - sentAt;
      if (!Number.isFinite(serverTime) || roundTrip < 0) return;
      samples.push({ offset: serverTime - (sentAt + receivedAt) / 2, roundTrip });
      if (samples.length > keptSamples) samples.shift();
      best = samples.reduce((left, right) => (right.roundTrip < left.roundTrip ? right : left)).offset;
    },
    get milliseconds() {
      return best;
    },
    toLocal: (serverTime, now) => (Number.isFinite(serverTime) ? Math.min(now, Math.round(serverTime - best)) : now),
  };
};
