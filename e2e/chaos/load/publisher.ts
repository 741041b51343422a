import type { Publication } from "../check/record.ts";
import { sequenceOf } from "../check/record.ts";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import { eventData } from "./event-data.ts";
import type { Attempt, Publish } from "./http-publish.ts";

export interface PublisherParts {
  readonly plan: Plan;
  readonly random: Random;
  /** One attempt over HTTP at a random proxy, or straight to NATS; never rejects. */
  readonly overHttp: (publish: Publish) => Promise<Attempt>;
  readonly directly: (publish: Publish) => Promise<Attempt>;
  readonly malformed: (topic: number) => void;
  readonly write: (publication: Publication) => void;
}

export interface PublisherCounts {
  accepted: number;
  unknown: number;
  refused: number;
  /** Begun and not yet answered for good. */
  open: number;
  /** Attempts after the first. */
  again: number;
  /** Not begun, since too many were open. */
  heldBack: number;
}

const tickMs = 20;
const mostOpen = 4_000;
/** Well within the journal's duplicate window: a repetition must still be recognised. */
const giveUpMs = 60_000;
const pauseMs: readonly [number, number] = [100, 600];
const bytesOfOthers: readonly [number, number] = [16, 300];
const malformedShare = 0.02;

/** Publishes at a steady rate, each until it is accepted or given up, and writes down what became of it. */
export class Publisher {
  readonly counts: PublisherCounts = { accepted: 0, unknown: 0, refused: 0, open: 0, again: 0, heldBack: 0 };
  readonly #parts: PublisherParts;
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #due = { http: 0, direct: 0 };
  #last = 0;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Publishes the last event of every topic; resolves when each is accepted. */
  async publishLast(): Promise<void> {
    const { plan, overHttp } = this.#parts;
    const all = Array.from({ length: plan.topics }, (_, topic) => topic);
    for (let at = 0; at < all.length; at += 50) {
      const some = all
        .slice(at, at + 50)
        .map((topic) => ({ key: `e${topic}`, topic, data: eventData(`e${topic}`, 16) }));
      await Promise.all(some.map((publish) => this.#publish(publish, overHttp)));
    }
  }

  #tick(): void {
    const { plan, overHttp, directly, malformed, random } = this.#parts;
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    for (; this.#due.http < seconds * plan.publishesPerSecond; this.#due.http += 1) this.#begin("h", overHttp);
    for (; this.#due.direct < seconds * plan.directPerSecond; this.#due.direct += 1) {
      if (random.fraction() < malformedShare) malformed(this.#topic());
      this.#begin("d", directly);
    }
  }

  #topic(): number {
    const { plan, random } = this.#parts;
    const hot = (plan.hotTopics * plan.hotPerSecond) / plan.publishesPerSecond;
    return random.fraction() < hot
      ? random.between(0, plan.hotTopics - 1)
      : random.between(plan.hotTopics, plan.topics - 1);
  }

  #begin(way: "h" | "d", attempt: (publish: Publish) => Promise<Attempt>): void {
    const { plan, random } = this.#parts;
    const topic = this.#topic();
    const bytes = topic < plan.hotTopics ? plan.hotEventBytes : random.between(...bytesOfOthers);
    if (this.counts.open >= mostOpen) {
      this.counts.heldBack += 1;
      return;
    }
    this.#last += 1;
    const key = `${way}${this.#last}`;
    void this.#publish({ key, topic, data: eventData(key, bytes) }, attempt);
  }

  async #publish(publish: Publish, attempt: (publish: Publish) => Promise<Attempt>): Promise<void> {
    const { key, topic } = publish;
    const { counts } = this;
    counts.open += 1;
    const giveUpAt = performance.now() + giveUpMs;
    let tries = 1;
    let answer = await attempt(publish);
    while (answer.kind === "again" && performance.now() < giveUpAt) {
      counts.again += 1;
      await new Promise((resolve) => setTimeout(resolve, this.#parts.random.between(...pauseMs)));
      tries += 1;
      answer = await attempt(publish);
    }
    counts.open -= 1;
    const outcome = answer.kind === "again" ? "unknown" : answer.kind;
    counts[outcome] += 1;
    const sequence = answer.kind === "accepted" ? sequenceOf(answer.id) : undefined;
    const note = answer.kind === "accepted" ? `${tries} tries` : `${tries} tries: ${answer.why}`;
    this.#parts.write({ key, topic, outcome, sequence, note });
  }
}
