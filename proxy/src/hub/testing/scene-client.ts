import type { FrameEncoding } from "../frame-encoding.ts";
import type { TopicRef } from "../past.ts";
import type { OpenStream } from "../ports.ts";
import type { Block, World } from "./delivery-check.ts";
import type { ModelEntry } from "./model-journal.ts";
import type { RecordingSink } from "./recording-sink.ts";

/** What a client listens to, and the judge of what it gets. */
export interface Kind<Check> {
  readonly topics: readonly TopicRef[];
  readonly encoding: FrameEncoding;
  readonly judge: (worldOf: (epoch: number) => World) => Check;
}

export interface Judge {
  readonly lastEventId: string;
  /** What the client was not given before its id, and can prove to lack. */
  readonly lacking?: readonly ModelEntry[];
  take(blocks: readonly Block[]): void;
  /** The connection is over. */
  cut?(insideWrite: boolean): void;
}

export interface Client<Check extends Judge> {
  readonly check: Check;
  readonly of: Kind<Check>;
  sink: RecordingSink;
  stream: OpenStream | undefined;
}
