import { expect, it } from "vitest";
import type { EventType } from "../hub/event.ts";
import type { StoredEvent } from "../hub/ports.ts";
import { eventually } from "./testing/eventually.ts";
import { dataOf, eventsPerTopic, type JournalStage, text } from "./testing/journal-stage.ts";

/** What the `Journal` port stores once, and what together. */
export const storesOnceAndTogether = (stage: JournalStage): void => {
  const { topic, store, storeMany, follow, readAll } = stage;

  it("stores an event with a message id once, and answers its place to whoever repeats it", async () => {
    const topicId = topic();
    const publish = (data: string) => stage.made.publisher.publish(topicId, text(data), `id-of-${topicId}`);
    const first = await publish("one");
    const again = await publish("one");
    const other = await publish("of another body");
    expect(first).toMatchObject({ kind: "stored" });
    expect(first).not.toHaveProperty("duplicate");
    expect([again, other]).toEqual([
      { ...first, duplicate: true },
      { ...first, duplicate: true },
    ]);
    expect((await readAll(topicId, 0)).events.map(dataOf)).toEqual(["one"]);
  });

  it("stores an event with a message id once when it is published twice at the same moment", async () => {
    const topicId = topic();
    const publish = () => stage.made.publisher.publish(topicId, text("one"), `id-of-${topicId}`);
    const outcomes = await Promise.all([publish(), publish()]);
    expect(outcomes.map((outcome) => outcome.kind === "stored" && outcome.duplicate === true).toSorted()).toEqual([
      false,
      true,
    ]);
    expect((await readAll(topicId, 0)).events).toHaveLength(1);
  });

  it("stores events together, one after the other, and tells each of them", async () => {
    const topicId = topic();
    const { told, stop } = await follow(topicId);
    const before = await store(topicId, text("before"));
    const batch = [text("1"), { ...text("2"), type: "note" as EventType }, text("3")];
    const disturbing = storeMany(topic(), 50);
    const outcome = await stage.made.publisher.publishTogether(topicId, batch);
    await disturbing;
    if (outcome.kind !== "stored") throw new Error(`not stored: ${outcome.kind}`);
    const { epoch, sequence: last } = outcome.cursor;
    expect(epoch).toBe(before.epoch);
    expect(stage.made.publisher.mostTogether).toBeGreaterThanOrEqual(1_000);

    const { events } = await readAll(topicId, before.sequence);
    expect(events.map(({ sequence }) => sequence)).toEqual([last - 2, last - 1, last]);
    expect(events.map(dataOf)).toEqual(["1", "2", "3"]);
    expect(events[1]?.event?.type).toBe("note");
    await eventually("all are told", () => told.length === 4);
    stop();
    expect(told.map(({ previous }) => previous)).toEqual([0, before.sequence, last - 2, last - 1]);
  });

  it("stores as many events together as it says it can", async () => {
    const topicId = topic();
    const count = Math.min(1_000, stage.made.publisher.mostTogether);
    const outcome = await stage.made.publisher.publishTogether(
      topicId,
      Array.from({ length: count }, (_, index) => text(`event ${index}`)),
    );
    expect(outcome).toMatchObject({ kind: "stored" });
    const { events } = await readAll(topicId, 0);
    expect(dataOf(events.at(-1) as StoredEvent)).toBe(`event ${count - 1}`);
    expect(events).toHaveLength(eventsPerTopic);
  });
};
