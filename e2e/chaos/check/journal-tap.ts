import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { createInbox } from "@nats-io/nats-core";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import type { JournalEntry } from "./truth.ts";

export interface JournalTapParts {
  readonly nats: NatsConnection;
  readonly instance: string;
  /** Number of the topic with this id; undefined when it is none of the run's. */
  readonly topicOf: (topicId: string) => number | undefined;
  /** Key in an event's data; undefined when it is none. */
  readonly keyOf: (data: string) => string | undefined;
}

interface Stored {
  readonly sequence: number;
  readonly at: number;
  readonly subject: string;
  readonly size: number;
  readonly data: string;
}

/** The whole journal as it was read while it grew. */
export interface WholeJournal {
  readonly entries: readonly JournalEntry[];
  /** What makes the reading worthless or the journal faulty; empty when all is well. */
  readonly faults: readonly string[];
  readonly messages: number;
  readonly epochs: readonly number[];
}

const batch = 2_000;
const answerMs = 3_000;
const restMs = 500;

const readBatch = (nats: NatsConnection, subject: string, request: object): Promise<readonly Stored[] | undefined> =>
  new Promise((resolve) => {
    const stored: Stored[] = [];
    const inbox = createInbox();
    const finish = (answer: readonly Stored[] | undefined): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(undefined), answerMs);
    const subscription = nats.subscribe(inbox, {
      callback: (fault, message) => {
        const code = message.headers?.code ?? 0;
        if (fault !== null || (code !== 0 && code !== 204 && code !== 404)) finish(undefined);
        else if (code !== 0) finish(stored);
        else stored.push(readStored(message));
      },
    });
    nats.publish(subject, JSON.stringify(request), { reply: inbox });
  });

/** The server appends its headers, so the last of a name is its own. */
const readStored = (message: Msg): Stored => {
  const last = (name: string): string => message.headers?.values(name).at(-1) ?? "";
  return {
    sequence: Number(last("Nats-Sequence")),
    at: Date.parse(last("Nats-Time-Stamp")),
    subject: last("Nats-Subject"),
    size: message.data.length,
    data: Buffer.from(message.data.subarray(0, 2_100)).toString("latin1"),
  };
};

const same = (one: Stored, other: Stored | undefined): boolean =>
  one.subject === other?.subject && one.data === other.data;

/** Reads the journal from its first sequence on while it grows, faster than its bounds push events out. */
export class JournalTap {
  readonly #parts: JournalTapParts;
  readonly #stored: Stored[] = [];
  readonly #faults: string[] = [];
  #stopped = false;
  #reading: Promise<void> = Promise.resolve();

  constructor(parts: JournalTapParts) {
    this.#parts = parts;
  }

  get lastSequence(): number {
    return this.#stored.at(-1)?.sequence ?? 0;
  }

  start(): void {
    this.#reading = this.#readOn();
  }

  /** Reads to the journal's end, and all that it still holds once more. */
  async finish(): Promise<WholeJournal> {
    this.#stopped = true;
    await this.#reading;
    const last = await this.#lastSequence();
    const deadline = Date.now() + 60_000;
    while (this.lastSequence < last) {
      await this.#readSome();
      if (Date.now() > deadline)
        throw new Error(`the journal ends at ${last} and could be read to ${this.lastSequence} only`);
    }
    await this.#compare();
    return { ...this.#whole(), messages: this.#stored.length, faults: this.#faults };
  }

  async #readOn(): Promise<void> {
    while (!this.#stopped) {
      const grew = await this.#readSome();
      if (!grew) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  async #readSome(): Promise<boolean> {
    const read = await this.#read(this.lastSequence + 1);
    for (const entry of read) {
      const expected = this.lastSequence + 1;
      if (entry.sequence !== expected)
        this.#faults.push(`sequences ${expected} to ${entry.sequence - 1} were never seen in the journal`);
      this.#stored.push(entry);
    }
    return read.length > 0;
  }

  async #read(from: number): Promise<readonly Stored[]> {
    const { nats, instance } = this.#parts;
    const request = { seq: from, next_by_subj: natsSubjects(instance).inAll, batch, max_bytes: 8_388_608 };
    const read = await readBatch(nats, `$JS.API.DIRECT.GET.${journalStream(instance)}`, request);
    return read ?? [];
  }

  async #lastSequence(): Promise<number> {
    const { nats, instance } = this.#parts;
    const reply = await nats.request(`$JS.API.STREAM.INFO.${journalStream(instance)}`, "", { timeout: 10_000 });
    return reply.json<{ readonly state: { readonly last_seq: number } }>().state.last_seq;
  }

  /** What was read while leaders came and went must be what is there in the end. */
  async #compare(): Promise<void> {
    const before = new Map(this.#stored.map((entry) => [entry.sequence, entry]));
    const end = this.lastSequence;
    for (let from = 1; from <= end; ) {
      const read = await this.#read(from);
      // Heartbeats go on being stored.
      const known = read.filter(({ sequence }) => sequence <= end);
      const others = known.filter((entry) => !same(entry, before.get(entry.sequence)));
      for (const { sequence } of others)
        this.#faults.push(`sequence ${sequence} has another message than when it was first read`);
      from = (read.at(-1)?.sequence ?? from - 1) + 1;
      if (read.length === 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  #whole(): Pick<WholeJournal, "entries" | "epochs"> {
    const { instance, topicOf, keyOf } = this.#parts;
    const { inPrefix, epochToken } = natsSubjects(instance);
    const entries: JournalEntry[] = [];
    const epochs = new Set<number>();
    for (const { sequence, at, subject, size, data } of this.#stored) {
      const token = subject.slice(inPrefix.length);
      if (token === epochToken) {
        epochs.add((JSON.parse(data) as { readonly epoch: number }).epoch);
        continue;
      }
      const topic = topicOf(token);
      if (topic === undefined) this.#faults.push(`sequence ${sequence} is on the foreign subject ${subject}`);
      else entries.push({ sequence, at, topic, key: keyOf(data), size });
    }
    return { entries, epochs: [...epochs] };
  }
}
