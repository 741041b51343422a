import { afterEach, describe, expect, test } from "vitest";
import type { EventSink } from "./ports.ts";
import { eventText, idOf } from "./testing/expected-text.ts";
import { HubStage } from "./testing/hub-stage.ts";
import { text, topicOf } from "./testing/hub-under-test.ts";
import { RecordingSink } from "./testing/recording-sink.ts";

const stage = new HubStage();
const reported = "Opening a stream failed; its client is refused Error: a mistake";

afterEach(() => stage.end([reported]));

/** Breaks at write number `at`, as a mistake in the code under it would. */
class BrokenSink extends RecordingSink {
  readonly #at: number;

  constructor(at: number) {
    super();
    this.#at = at;
  }

  override write(frames: Uint8Array): boolean {
    if (this.writes.length + 1 === this.#at) throw new Error("a mistake");
    return super.write(frames);
  }
}

const request = { topics: [topicOf("a")], encoding: "plain" } as const;

describe("an exception while a stream is opened", () => {
  test("refuses that stream, before anything was written to it, and leaves nothing of it behind", async () => {
    const under = stage.start();
    const other = await stage.opened(under);
    const before = under.hub.stats();
    const refused = under.hub.open({ ...request, lastEventId: undefined }, new BrokenSink(1));
    expect(refused).toEqual({ refused: "internal_error" });
    expect(under.hub.stats()).toEqual({ ...before, totalCreated: 2, totalClosed: 1 });
    under.journal.store(topicOf("a").topicId, text("x"));
    await under.clock.settle();
    expect(other.sink.text).toContain(eventText(1, "x"));
    expect(under.hub.subscribers(topicOf("a").topicId)).toBe(1);
  });

  test("ends that stream with an error event where it has begun", async () => {
    const under = stage.start();
    const other = await stage.opened(under);
    under.journal.store(topicOf("a").topicId, text("x"));
    await under.clock.settle();
    const sink = new BrokenSink(2);
    const stream = under.hub.open({ ...request, lastEventId: idOf(0) }, sink);
    expect("refused" in stream).toBe(false);
    expect(sink.ended).toBe(true);
    expect(sink.text).toMatch(/retry: \d+\n\nevent: revenprox\.error\ndata: \{"code":"internal_error"\}\n\n$/);
    expect(under.hub.stats()).toMatchObject({ closing: 1, totalCreated: 2 });
    if ("closed" in stream) stream.closed();
    expect(under.hub.stats()).toMatchObject({ closing: 0, totalClosed: 1 });
    under.journal.store(topicOf("a").topicId, text("y"));
    await under.clock.settle();
    expect(other.sink.text).toContain(eventText(2, "y"));
  });

  test("also where nothing of the stream was made yet", () => {
    const under = stage.start();
    const broken: EventSink = new RecordingSink();
    const topics = [
      {
        ...topicOf("a"),
        get topicId(): never {
          throw new Error("a mistake");
        },
      },
    ];
    expect(under.hub.open({ ...request, topics, lastEventId: undefined }, broken)).toEqual({
      refused: "internal_error",
    });
    expect(under.hub.stats()).toMatchObject({ totalCreated: 0, topics: 0 });
  });
});
