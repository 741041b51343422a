import { percentile } from "../statistics.ts";
import type { RunningSubject } from "../subjects/subject.ts";
import { type LoadProcess, startLoadProcess } from "./load-tool.ts";
import type { Cores } from "./own-cores.ts";
import { type Usage, usageOf } from "./process-table.ts";
import { cores } from "./processes.ts";
import { type StepFigures, stepFigures } from "./step-figures.ts";

export interface CrewOptions {
  readonly program: string;
  readonly readers: number;
  readonly cores?: Cores;
  readonly namespace?: string | undefined;
}

export interface StreamsWanted {
  readonly count: number;
  readonly topics: number;
  readonly size: number;
  /** Connects under way at once, of all readers together. */
  readonly concurrency: number;
  readonly slowEvery?: number;
  readonly slowBytes?: number;
  /** Milliseconds between two looks at the streams: the tool needs less CPU, and sees what comes later by as much. */
  readonly pauseMs?: number;
}

export interface StreamsOpened {
  readonly perSecond: number;
  readonly p99Ms: number | undefined;
}

export interface StepWanted {
  /** Events each second. */
  readonly rate: number;
  readonly millis: number;
  /** Connections of publishers. */
  readonly lanes: number;
  readonly p99Ms: number;
  /** Streams of each topic whose deliveries count. */
  readonly fanOut: number;
}

/** How long a server may take to deliver what is under way when a step ends, in milliseconds without progress. */
const patienceMs = 1_500;
const longestTailMs = 8_000;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const spread = (total: number, parts: number, part: number): number =>
  Math.floor(total / parts) + (part < total % parts ? 1 : 0);

/** The processes of the load tool that work on one server together. */
export class Crew {
  readonly #readers: readonly LoadProcess[];
  readonly #publisher: LoadProcess;
  #step = 0;
  #wanted: StreamsWanted | undefined;

  constructor({ program, readers, cores: pinned = cores.tool, namespace }: CrewOptions) {
    const start = (role: "reader" | "publisher"): LoadProcess =>
      startLoadProcess({ program, role, cores: pinned, namespace });
    this.#readers = Array.from({ length: readers }, () => start("reader"));
    this.#publisher = start("publisher");
  }

  /** Throws when not all streams open. */
  async open({ target, moreTargets = [], stream }: RunningSubject, wanted: StreamsWanted): Promise<StreamsOpened> {
    this.#wanted = wanted;
    const { count, topics, size, concurrency, slowEvery = 0, slowBytes = 0, pauseMs = 0 } = wanted;
    const parts = this.#readers.length;
    const targets = [target, ...moreTargets];
    const started = performance.now();
    const answers = await Promise.all(
      this.#readers.map((reader, part) =>
        reader.open({
          ...stream,
          target: targets[part % targets.length] ?? target,
          count: spread(count, parts, part),
          topics,
          firstTopic: sum(this.#readers.slice(0, part).map((_, before) => spread(count, parts, before))) % topics,
          concurrency: Math.max(1, Math.floor(concurrency / parts)),
          source: `127.0.${part + 1}`,
          size,
          slowEvery,
          slowBytes,
          pauseMs,
          withinMs: 60_000,
        }),
      ),
    );
    const seconds = (performance.now() - started) / 1_000;
    const failed = sum(answers.map((answer) => answer.failed));
    if (failed > 0)
      throw new Error(
        `${failed} of ${count} streams did not open: ${answers.find(({ fault }) => fault !== "")?.fault}`,
      );
    return {
      perSecond: count / seconds,
      p99Ms: percentile(
        answers.map(({ waits }) => waits),
        0.99,
      ),
    };
  }

  /** Publishes for a while and waits until everything is delivered, or nothing moves any more. */
  async step(subject: RunningSubject, wanted: StepWanted): Promise<StepFigures> {
    this.#step = (this.#step % 255) + 1;
    const { topics, size } = this.#wanted ?? { topics: 1, size: 200 };
    await Promise.all(this.#readers.map((reader) => reader.begin(this.#step)));
    const before = this.#usage(subject);
    const published = await this.#publisher.publish({
      ...subject.publish,
      target: subject.publishTarget,
      rate: wanted.rate,
      millis: wanted.millis,
      lanes: wanted.lanes,
      topics,
      size,
      step: this.#step,
      graceMs: Math.max(200, wanted.p99Ms),
    });
    const counts = await this.#delivered(published.accepted * wanted.fanOut);
    return stepFigures({ wanted, published, counts, before, after: this.#usage(subject) });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#readers, this.#publisher].map((one) => one.close()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#readers, this.#publisher].map((one) => one.stop()));
  }

  async #delivered(due: number) {
    const end = performance.now() + longestTailMs;
    let [last, movedAt] = [-1, performance.now()];
    for (;;) {
      const counts = await Promise.all(this.#readers.map((reader) => reader.count()));
      const delivered = sum(counts.map((count) => count.delivered));
      const now = performance.now();
      if (delivered !== last) [last, movedAt] = [delivered, now];
      if (delivered >= due || now - movedAt > patienceMs || now > end) return counts;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #usage({ pids }: RunningSubject): { readonly server: Usage; readonly tool: Usage } {
    return { server: usageOf(pids), tool: usageOf([...this.#readers, this.#publisher].map(({ pid }) => pid)) };
  }
}
