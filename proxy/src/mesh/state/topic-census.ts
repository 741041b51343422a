import { randomBytes } from "node:crypto";
import type { NatsConnection, Subscription } from "@nats-io/nats-core";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../../hub/event.ts";
import type { Clock, Log } from "../../hub/ports.ts";
import { parseTopicId } from "../../hub/topic.ts";
import { boundedWarning } from "../bounded-log.ts";
import type { BusConnection } from "../nats-journal-port.ts";
import { parseCensusAnswer, writeCensusAnswer } from "./census-message.ts";

export interface TopicCensusDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: BusConnection;
  readonly instance: string;
  readonly proxyId: string;
  /** Open streams of this proxy on the topic. */
  readonly subscribers: (topicId: TopicId) => number;
  /** A state message was sent. */
  readonly onSent: () => void;
  readonly onMalformed: () => void;
}

/** What the peers said: streams by the proxy's name, and who said nothing in time. */
export interface Census {
  readonly counts: ReadonlyMap<string, number>;
  readonly silent: readonly string[];
}

/** Milliseconds that peers have to answer. */
const answerMs = 500;

/** Censuses under way at once; further ones hear of nobody. */
const mostAtOnce = 100;

interface UnderWay {
  readonly counts: Map<string, number>;
  readonly awaited: Set<string>;
  readonly finish: () => void;
}

/**
 * Asks proxies how many streams they have on a topic, and answers their questions: for peers whose topics are not held
 * here, be they too many or of a build of protocol 1, and for peers of such a build.
 */
export class TopicCensus {
  readonly #deps: TopicCensusDeps;
  readonly #subjects: ReturnType<typeof natsSubjects>;
  /** Answers to this process come under it. */
  readonly #own = randomBytes(9).toString("hex");
  readonly #underWay = new Map<string, UnderWay>();
  readonly #warn: (fields: Readonly<Record<string, unknown>>) => void;
  #attached: NatsConnection | undefined;
  #last = 0;

  constructor(deps: TopicCensusDeps) {
    this.#deps = deps;
    this.#subjects = natsSubjects(deps.instance);
    this.#warn = boundedWarning(deps, "A message about subscribers on the bus cannot be read");
  }

  start(): void {
    const { bus } = this.#deps;
    bus.onConnected((connection) => this.#attach(connection));
    if (bus.connection !== undefined) this.#attach(bus.connection);
  }

  /** Resolves when each of these peers has answered, or after half a second. Answers of others are told too. */
  ask(topicId: TopicId, peers: readonly string[]): Promise<Census> {
    const { bus, clock, onSent } = this.#deps;
    const awaited = new Set(peers);
    const connection = bus.connection;
    const counts = new Map<string, number>();
    if (connection === undefined || awaited.size === 0 || this.#underWay.size >= mostAtOnce)
      return Promise.resolve({ counts, silent: [...awaited] });
    this.#last += 1;
    const token = `${this.#own}-${this.#last.toString(36)}`;
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#underWay.delete(token);
        resolve({ counts, silent: [...awaited].toSorted() });
      };
      const cancel = clock.after(answerMs, finish);
      this.#underWay.set(token, { counts, awaited, finish });
      connection.publish(this.#subjects.census(topicId), token);
      onSent();
    });
  }

  #attach(connection: NatsConnection): void {
    if (this.#attached === connection) return;
    this.#attached = connection;
    this.#listen(connection, this.#subjects.censusAll, (subject, payload) => this.#answer(subject, payload));
    this.#listen(connection, this.#subjects.censusAnswer(this.#own), (_, payload) => this.#take(payload));
  }

  /** Runs inside the client's reader, which a thrown error would close for good. */
  #listen(connection: NatsConnection, subject: string, take: (subject: string, payload: string) => void): Subscription {
    return connection.subscribe(subject, {
      callback: (fault, message) => {
        try {
          if (fault === null) take(message.subject, message.string());
          else this.#warn({ cause: fault.message });
        } catch (cause) {
          this.#warn({ cause: String(cause) });
        }
      },
    });
  }

  #answer(subject: string, token: string): void {
    const { bus, proxyId, subscribers, onSent } = this.#deps;
    const topicId = parseTopicId(subject.slice(subject.lastIndexOf(".") + 1));
    const asker = /^([0-9a-f]{18})-[0-9a-z]{1,11}$/.exec(token)?.[1];
    if (topicId === undefined || asker === undefined) {
      this.#malformed();
      return;
    }
    if (asker === this.#own) return;
    const answer = { token, proxyId, subscribers: subscribers(topicId) };
    bus.connection?.publish(this.#subjects.censusAnswer(asker), writeCensusAnswer(answer));
    onSent();
  }

  #take(payload: string): void {
    const answer = parseCensusAnswer(payload);
    if (answer === undefined) {
      this.#malformed();
      return;
    }
    const census = this.#underWay.get(answer.token);
    if (census === undefined) return;
    census.counts.set(answer.proxyId, answer.subscribers);
    census.awaited.delete(answer.proxyId);
    if (census.awaited.size === 0) census.finish();
  }

  #malformed(): void {
    this.#deps.onMalformed();
    this.#warn({});
  }
}
