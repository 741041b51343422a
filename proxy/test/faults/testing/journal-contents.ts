import { createHash } from "node:crypto";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";

export interface Entry {
  readonly sequence: number;
  readonly data: string;
}

const topicId = (topic: string): string => createHash("sha256").update(topic).digest("hex").slice(0, 32);

/** What the journal itself holds of each topic, read past every proxy. */
export const journalContents = async (
  url: string,
  instance: string,
  topics: readonly string[],
): Promise<ReadonlyMap<string, readonly Entry[]>> => {
  const subjects = natsSubjects(instance);
  const contents = new Map<string, Entry[]>(topics.map((topic) => [topic, []]));
  const bySubject = new Map(topics.map((topic) => [subjects.in(topicId(topic)), contents.get(topic)]));
  const connection = await connect({ servers: url });
  try {
    const { state } = await (await jetstreamManager(connection)).streams.info(journalStream(instance));
    const consumer = await jetstream(connection).consumers.get(journalStream(instance));
    for await (const message of await consumer.consume()) {
      bySubject.get(message.subject)?.push({ sequence: message.seq, data: message.string() });
      if (message.seq >= state.last_seq) break;
    }
  } finally {
    await connection.close();
  }
  return contents;
};
