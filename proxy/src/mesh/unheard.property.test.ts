import fc from "fast-check";
import { expect, test } from "vitest";
import { hubOn, type OpenClient, openOn, text, topicOf } from "../hub/testing/hub-under-test.ts";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { CuttableRelay } from "./testing/cuttable-relay.ts";

type Step =
  | { readonly kind: "publish"; readonly topic: string; readonly count: number }
  | { readonly kind: "cut" | "heal" | "settle" }
  | { readonly kind: "open"; readonly topics: string }
  | { readonly kind: "stall" | "drain"; readonly client: number }
  | { readonly kind: "wait"; readonly ms: number };

interface Client extends OpenClient {
  readonly topics: readonly string[];
  /** Of each topic, how many had been published when the client got its first bytes: from then on everything counts. */
  from: ReadonlyMap<string, number> | undefined;
}

const topics = ["a", "b", "c"];

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("publish" as const),
    topic: fc.constantFrom(...topics),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ kind: fc.constantFrom("cut" as const, "heal" as const, "settle" as const) }),
  fc.record({ kind: fc.constant("open" as const), topics: fc.constantFrom("a", "b", "a+b", "a+b+c") }),
  fc.record({ kind: fc.constantFrom("stall" as const, "drain" as const), client: fc.nat({ max: 5 }) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(50, 300, 5_000) }),
);

/** A hub on a bus that is cut and heals, and what its clients ought to know. */
class Scene {
  readonly clock = new ManualClock(1_703_894_400_000);
  readonly relay = new CuttableRelay(this.clock);
  readonly under = hubOn(this.clock, this.relay);
  readonly published = new Map(topics.map((topic) => [topic, 0]));
  readonly clients: Client[] = [];

  constructor() {
    this.under.settings.backpressure = { policy: "drop_oldest", maxEvents: 6 };
  }

  async run(next: Step): Promise<void> {
    await this.act(next);
    for (const client of this.clients) if (client.sink.text !== "") client.from ??= new Map(this.published);
  }

  async act(next: Step): Promise<void> {
    switch (next.kind) {
      case "publish":
        for (let left = next.count; left > 0; left -= 1) this.publish(next.topic);
        return;
      case "cut":
        return this.relay.cut();
      case "heal":
        return this.relay.heal();
      case "settle":
        return this.clock.settle();
      case "wait":
        return this.clock.advance(next.ms);
      case "open":
        return this.open(next.topics);
      case "stall":
      case "drain":
        return this.pace(next.client, next.kind === "drain");
    }
  }

  publish(topic: string): void {
    const number = (this.published.get(topic) ?? 0) + 1;
    this.published.set(topic, number);
    this.relay.publish(topicOf(topic).topicId, text(`${topic} ${number}`));
  }

  async open(names: string): Promise<void> {
    const client = openOn(this.under, names);
    await this.clock.settle();
    this.clients.push({ ...client, topics: names.split("+"), from: undefined });
  }

  pace(index: number, drain: boolean): void {
    const client = this.clients[index];
    if (client === undefined) return;
    client.sink.patience = drain ? Number.POSITIVE_INFINITY : 1;
    client.sink.drained();
    if (drain) client.stream.writable();
  }

  /** All is well again and everybody takes what there is. */
  async end(): Promise<void> {
    this.relay.heal();
    await this.clock.advance(5_000);
    for (const [index] of this.clients.entries()) this.pace(index, true);
    await this.clock.advance(5_000);
  }
}

/**
 * Throws at the first event that came twice or out of order, or is missing without a gap. What was published in the turn
 * before a client came may come, too.
 */
const check = (client: Client, published: ReadonlyMap<string, number>): void => {
  for (const topic of client.topics) {
    const from = client.from?.get(topic);
    let at = 0;
    let told = from === undefined;
    for (const block of client.sink.text.split("\n\n")) {
      if (block.startsWith("event: revenprox.gap") && block.includes(`"topic":"${topic}"`)) told = true;
      const number = Number(new RegExp(`^data: ${topic} (\\d+)$`).exec(block)?.[1] ?? 0);
      if (number === 0) continue;
      expect(number).toBeGreaterThan(at);
      if (!told) expect(number).toBeLessThanOrEqual(Math.max(at, from ?? 0) + 1);
      at = number;
      told = false;
    }
    if (!told) expect(Math.max(at, from ?? 0)).toBe(published.get(topic));
  }
};

test("without a journal, nothing comes twice or out of order, and nothing is missing without a gap", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const scene = new Scene();
      for (const next of steps) await scene.run(next);
      await scene.end();
      for (const client of scene.clients) {
        check(client, scene.published);
        expect(client.sink.text).not.toContain("id:");
        expect(client.sink.overruns).toBe(0);
        if (!steps.some(({ kind }) => kind === "cut" || kind === "stall"))
          expect(client.sink.text).not.toContain("gap");
      }
      expect(scene.under.errors).toEqual([]);
      scene.under.hub.stop();
    }),
    { numRuns: 300 },
  );
});
