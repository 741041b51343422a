import { describe, expect, it } from "vitest";
import { createTailMemory } from "./tail-memory.ts";
import { topicNumber } from "./testing/event-text.ts";

const [a, b, c] = [topicNumber(1), topicNumber(2), topicNumber(3)];

describe("the memory of tails", () => {
  it("asks for everything at first, then for what is new since the oldest look", () => {
    const memory = createTailMemory();
    expect(memory.split(1, [a, b])).toEqual({ fresh: [a, b], seen: [], since: 0 });
    memory.store(1, [a], { found: new Map([[a, 5]]), upTo: 10 });
    memory.store(1, [b], { found: new Map(), upTo: 20 });
    expect(memory.split(1, [a, b, c])).toEqual({ fresh: [c], seen: [a, b], since: 10 });
  });

  it("keeps the tail of a topic with nothing new, and never goes back", () => {
    const memory = createTailMemory();
    memory.split(1, [a, b]);
    memory.store(1, [a, b], { found: new Map([[a, 5]]), upTo: 10 });
    memory.store(1, [a, b], { found: new Map(), upTo: 8 });
    expect(memory.last([a, b, c])).toEqual(
      new Map([
        [a, 5],
        [b, 0],
        [c, 0],
      ]),
    );
    expect(memory.split(1, [a])).toMatchObject({ since: 10 });
  });

  it("forgets everything with the epoch, and looks that are still under way", () => {
    const memory = createTailMemory();
    memory.split(1, [a]);
    memory.store(1, [a], { found: new Map([[a, 5]]), upTo: 10 });
    expect(memory.split(2, [a])).toMatchObject({ fresh: [a] });
    memory.store(1, [a], { found: new Map([[a, 7]]), upTo: 12 });
    expect(memory.last([a])).toEqual(new Map([[a, 0]]));
  });

  it("forgets rather than grow beyond its bound", () => {
    const memory = createTailMemory(1);
    memory.split(1, [a, b]);
    memory.store(1, [a, b], { found: new Map(), upTo: 1 });
    expect(memory.split(1, [a])).toMatchObject({ fresh: [a] });
  });
});
