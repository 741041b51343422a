import { expect } from "vitest";
import { type HubUnderTest, hubOnModel, type OpenClient, openOn } from "./hub-under-test.ts";

/** Hubs of one test; at its end nothing of them may be left behind. */
export class HubStage {
  readonly #started: HubUnderTest[] = [];

  readonly start = (...parameters: Parameters<typeof hubOnModel>): HubUnderTest => {
    const under = hubOnModel(...parameters);
    this.#started.push(under);
    return under;
  };

  /** A stream on topic `a` that has got what it can get by now. */
  readonly opened = async (under: HubUnderTest, lastEventId?: string): Promise<OpenClient> => {
    const client = openOn(under, "a", lastEventId);
    await under.clock.settle();
    return client;
  };

  async end(expectedErrors: readonly string[] = []): Promise<void> {
    for (const { hub, clock, journal, errors } of this.#started.splice(0)) {
      hub.stop();
      await clock.advance(10_000);
      expect({ timers: clock.pendingTimers, followed: journal.followed, errors }).toEqual({
        timers: 0,
        followed: 0,
        errors: expectedErrors,
      });
    }
  }
}
