import { describe, expect, it } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { type EpochStore, parseEpochRecord, settleEpoch, writeEpochRecord } from "./epoch-record.ts";
import type { EpochRecord, EpochView, JournalFacts } from "./epoch-rules.ts";

const stranger: EpochView = { record: undefined, confirmedAt: 0, highest: 0 };

/** A journal in memory with the server's compare-and-set. */
const memoryStore = (initial: Partial<JournalFacts> = {}) => {
  const state = { record: undefined as EpochRecord | undefined, firstSequence: 1, lastSequence: 0, ...initial };
  const store: EpochStore = {
    facts: async () => ({ ...state, subjectSequence: state.record?.sequence ?? 0 }),
    write: async (record, expected) => {
      if (expected !== (state.record?.sequence ?? 0)) return { kind: "outrun" };
      state.lastSequence += 1;
      state.record = { ...record, sequence: state.lastSequence };
      return { kind: "stored", sequence: state.lastSequence };
    },
  };
  return { state, store };
};

describe("the epoch record", () => {
  it("is read as it was written", () => {
    const payload = writeEpochRecord({ epoch: 7, after: 3 }, "proxy");
    expect(parseEpochRecord(payload, 9)).toEqual({ epoch: 7, after: 3, sequence: 9 });
    const restored = writeEpochRecord({ epoch: 7, after: 0, keptTo: 5 }, "proxy");
    expect(parseEpochRecord(restored, 9)).toEqual({ epoch: 7, after: 0, keptTo: 5, sequence: 9 });
  });

  it.each(["", "null", "7", "{", '{"epoch":"7","after":0}', '{"epoch":-1,"after":0}', '{"epoch":1.5,"after":0}'])(
    "is none: %s",
    (payload) => {
      expect(parseEpochRecord(payload, 9)).toBeUndefined();
    },
  );
});

describe("settleEpoch", () => {
  it("lets one of several proxies name the journal; all take the same name", async () => {
    const clock = new ManualClock();
    const { store, state } = memoryStore();
    const settled = await Promise.all(Array.from({ length: 10 }, () => settleEpoch(store, stranger, clock)));
    expect(new Set(settled.map(({ record }) => record.epoch)).size).toBe(1);
    expect(state.lastSequence).toBe(1);
  });

  it("does not believe a step back that goes away by itself", async () => {
    const clock = new ManualClock();
    const record = { epoch: 5, after: 0, sequence: 3 };
    const { store, state } = memoryStore({ record, lastSequence: 8 });
    const view = { record, confirmedAt: clock.now(), highest: 10 };
    const settling = settleEpoch(store, view, clock);
    await clock.settle();
    state.lastSequence = 10;
    await clock.advance(1_000);
    expect(await settling).toEqual({ record, change: undefined, lastSequence: 10 });
  });

  it("names the journal anew when a step back lasts", async () => {
    const clock = new ManualClock();
    const record = { epoch: 5, after: 0, sequence: 3 };
    const { store } = memoryStore({ record, lastSequence: 8 });
    const settling = settleEpoch(store, { record, confirmedAt: clock.now(), highest: 10 }, clock);
    await clock.advance(5_000);
    const settled = await settling;
    expect(settled.change).toEqual({ restarted: true });
    expect(settled.record.keptTo).toBe(8);
    expect(settled.record.epoch).toBeGreaterThan(5);
  });

  it("does not believe a server that tells an old end as long as it likes", async () => {
    const clock = new ManualClock();
    const record = { epoch: 5, after: 0, sequence: 3 };
    const { store, state } = memoryStore({ record, lastSequence: 10 });
    const behind: EpochStore = { ...store, facts: async () => ({ ...(await store.facts()), lastSequence: 8 }) };
    const settling = settleEpoch(behind, { record, confirmedAt: clock.now(), highest: 10 }, clock);
    await clock.advance(5_000);
    expect(await settling).toEqual({ record: { ...record, sequence: 11 }, change: undefined, lastSequence: 11 });
    expect(state.record?.epoch).toBe(5);
  });

  it("asks again when another proxy's record comes before the proof", async () => {
    const clock = new ManualClock();
    const record = { epoch: 5, after: 0, sequence: 3 };
    const { store, state } = memoryStore({ record, lastSequence: 10 });
    let isBehind = true;
    const behind: EpochStore = {
      facts: async () => ({ ...(await store.facts()), ...(isBehind ? { lastSequence: 8 } : {}) }),
      write: async (...asked) => {
        if (!isBehind) return await store.write(...asked);
        isBehind = false;
        return { kind: "outrun" };
      },
    };
    const settling = settleEpoch(behind, { record, confirmedAt: clock.now(), highest: 10 }, clock);
    await clock.advance(5_000);
    expect(await settling).toEqual({ record, change: undefined, lastSequence: 10 });
    expect(state.lastSequence).toBe(10);
  });

  it("gives up when the record changes all the time", async () => {
    const { store } = memoryStore();
    const unlucky: EpochStore = { ...store, write: async () => ({ kind: "outrun" }) };
    await expect(settleEpoch(unlucky, stranger, new ManualClock())).rejects.toThrow("could not be settled");
  });
});
