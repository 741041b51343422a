import type { Cores } from "../tool/own-cores.ts";

/** Where and how a subject is to run. */
export interface Place {
  readonly cores: Cores;
  readonly namespace?: string | undefined;
  /** An empty folder of its own. */
  readonly folder: string;
  /** Keys of every RevenProx in the run, as environment variables; whatever the subject sets counts before them. */
  readonly proxyKeys?: Readonly<Record<string, string>> | undefined;
}

/** An HTTP request of the load tool; `{topic}`, `{payload}` and, in streams, `{client}` are filled in: no two streams have the same `{client}`. */
export interface StreamRequest {
  readonly path: string;
  readonly headers: readonly string[];
}

export interface PublishRequest extends StreamRequest {
  readonly body: string;
  /** With "nats" the path is a subject, with `{topicId}` in it, and the body the payload alone; absent: HTTP. */
  readonly protocol?: "nats";
}

export interface RunningSubject {
  /** host:port of the streams. */
  readonly target: string;
  /** Of others that serve the same streams: each reader of a crew connects to the next one. */
  readonly moreTargets?: readonly string[];
  /** host:port of the publishes. */
  readonly publishTarget: string;
  readonly stream: StreamRequest;
  readonly publish: PublishRequest;
  /** Connects under way at once that it bears; undefined: many. */
  readonly connectsAtOnce?: number;
  /** Leaders of the process groups that are measured. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** A server that is measured. */
export interface Subject {
  readonly name: string;
  /** One line for the report: version and how it is set up. */
  readonly about: string;
  start(place: Place): Promise<RunningSubject>;
}
