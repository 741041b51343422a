import { describe, expect, it } from "vitest";
import { readsThePast } from "./journal-reading.contract.ts";
import { storesOnceAndTogether } from "./journal-storing.contract.ts";
import { tellsWhatIsPublished } from "./journal-telling.contract.ts";
import { type JournalUnderTest, journalStage } from "./testing/journal-stage.ts";

/** The behaviour of the `Journal` port. `create` gives an empty journal that is connected. */
export const describeJournal = (name: string, create: () => Promise<JournalUnderTest>): void => {
  describe(`the journal port: ${name}`, () => {
    const stage = journalStage(create);

    tellsWhatIsPublished(stage);
    readsThePast(stage);
    storesOnceAndTogether(stage);

    it("is connected, and said so", () => {
      expect(stage.made.follower.connected).toBe(true);
      expect(stage.made.listener.resyncs).toContain("connected");
      expect(stage.made.listener.epochs).toEqual([]);
    });
  });
};
