import type { NatsConfig } from "@revenprox/contract/config/proxy-config";
import type { JournalReadSource } from "@revenprox/contract/metric-labels";
import type { TopicId } from "../hub/event.ts";
import type { Clock, JournalPage, JournalPlace, Tails } from "../hub/ports.ts";
import type { DirectGet } from "./direct-get.ts";
import { createEndProof } from "./end-proof.ts";
import type { JournalKeeper } from "./journal-keeper.ts";
import { createJournalLeader } from "./journal-leader.ts";
import type { JournalPosition } from "./journal-position.ts";
import { createPlaceFinder } from "./place-finder.ts";
import type { ReplayMirror } from "./replay-mirror.ts";
import { createReplayReader, type ReplayReaderDeps } from "./replay-reader.ts";
import { createTailReader } from "./tail-reader.ts";

export interface JournalReadersDeps {
  readonly clock: Clock;
  readonly nats: Pick<NatsConfig, "instance">;
  readonly direct: Readonly<Record<"journal" | "mirror", DirectGet>>;
  readonly mirror: ReplayMirror;
  readonly keeper: JournalKeeper;
  readonly position: JournalPosition;
  readonly toStored: ReplayReaderDeps["toStored"];
  readonly onRead: (source: JournalReadSource) => void;
}

/** The three ways in which a journal is read back; each request is counted by who answers it. */
export interface JournalReaders {
  read(topicId: TopicId, after: number): Promise<JournalPage>;
  tails(topicIds: readonly TopicId[]): Promise<Tails>;
  locate(topicId: TopicId, place: JournalPlace): Promise<number>;
}

export const createJournalReaders = (deps: JournalReadersDeps): JournalReaders => {
  const { direct, keeper, mirror, onRead } = deps;
  const { instance } = deps.nats;
  const counted = (reader: DirectGet, source: JournalReadSource): Pick<DirectGet, "get" | "connected"> => ({
    get connected() {
      return reader.connected;
    },
    get: (...request) => {
      onRead(source);
      return reader.get(...request);
    },
  });
  const parts = {
    ...deps,
    instance,
    direct: counted(direct.journal, "main"),
    mirrored: counted(direct.mirror, "mirror"),
    mirror,
    leader: createJournalLeader({ instance, manager: () => keeper.manager, onRead: () => onRead("leader") }),
    maxEventsPerTopic: () => keeper.maxEventsPerTopic,
    singleCopy: () => keeper.replicas === 1,
  };
  const ends = counted(direct.journal, "tails");
  return {
    read: createReplayReader({ ...parts, hasNothingAfter: createEndProof({ instance, direct: ends }) }),
    tails: createTailReader({ ...parts, direct: counted(direct.journal, "tails") }),
    locate: createPlaceFinder(parts),
  };
};
