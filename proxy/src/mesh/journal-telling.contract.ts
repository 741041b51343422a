import { expect, it } from "vitest";
import type { EventType } from "../hub/event.ts";
import { eventually } from "./testing/eventually.ts";
import { dataOf, type JournalStage, text } from "./testing/journal-stage.ts";

/** What the `Journal` port tells of what is published. */
export const tellsWhatIsPublished = (stage: JournalStage): void => {
  const { topic, store, follow, readAll } = stage;

  it("answers a publish with its place, which is known from then on", async () => {
    const topicId = topic();
    const first = await store(topicId, text("one"));
    const second = await store(topicId, text("two"));
    expect(second.epoch).toBe(first.epoch);
    expect(second.sequence).toBeGreaterThan(first.sequence);
    expect(stage.made.publisher.known).toEqual(second);
  });

  it("tells what is published after it was followed, each after its predecessor", async () => {
    const topicId = topic();
    const { told, stop } = await follow(topicId);
    const before = Date.now();
    const first = await store(topicId, { ...text("one"), type: "note" as EventType, retry: 5_000 });
    await store(topic(), text("of another topic"));
    const second = await store(topicId, text("two"));
    await eventually("both events are told", () => told.length === 2);
    stop();

    expect(told.map(dataOf)).toEqual(["one", "two"]);
    expect(told.map((event) => event.sequence)).toEqual([first.sequence, second.sequence]);
    expect(told.map((event) => event.previous)).toEqual([0, first.sequence]);
    expect(told[0]?.event).toMatchObject({ type: "note", retry: 5_000 });
    expect(told[1]?.event).not.toHaveProperty("type");
    expect(told[1]?.event).not.toHaveProperty("retry");
    for (const { acceptedAt } of told) {
      expect(acceptedAt).toBeGreaterThanOrEqual(before - 50);
      expect(acceptedAt).toBeLessThanOrEqual(Date.now());
    }
  });

  it("tells nothing of a topic that is no longer followed", async () => {
    const topicId = topic();
    const first = await follow(topicId);
    first.stop();
    const second = await follow(topicId);
    await store(topicId, text("late"));
    await eventually("the second follower is told", () => second.told.length === 1);
    second.stop();
    expect(first.told).toEqual([]);
  });

  it.each([
    ["nothing", ""],
    ["line ends", "a\r\nb\rc\n"],
    ["all of Unicode", "\ufeffgr\u00fc\u00dfe \u{1f600}\u0000"],
    ["100 kB", "x".repeat(100_000)],
  ])("keeps data byte for byte: %s", async (_, data) => {
    const topicId = topic();
    const { told, stop } = await follow(topicId);
    await store(topicId, text(data));
    const [live] = await eventually("the event is told", () => told.length === 1 && told);
    stop();
    const { events } = await readAll(topicId, 0);
    const expected = new TextEncoder().encode(data);
    expect(new Uint8Array(live?.event?.data ?? [])).toEqual(expected);
    expect(new Uint8Array(events[0]?.event?.data ?? [])).toEqual(expected);
  });
};
