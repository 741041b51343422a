import type { NatsConnection } from "@nats-io/nats-core";

/** Requests for stored messages that NATS was sent, whoever sent them. */
export interface ReadCount {
  /** For events of a topic. */
  readonly events: number;
  /** For last sequences, of many topics each. */
  readonly tails: number;
  /** At the stream's leader. */
  readonly leader: number;
}

/** Counts from now on; an ordinary subscriber hears every request beside the server that answers it. */
export const countReads = async (nats: NatsConnection): Promise<() => ReadCount> => {
  const count = { events: 0, tails: 0, leader: 0 };
  nats.subscribe("$JS.API.DIRECT.GET.>", {
    callback: (_, message) => {
      if (message.string().includes('"multi_last"')) count.tails += 1;
      else count.events += 1;
    },
  });
  nats.subscribe("$JS.API.STREAM.MSG.GET.>", {
    callback: () => {
      count.leader += 1;
    },
  });
  await nats.flush();
  return () => ({ ...count });
};

export const lessThan = (now: ReadCount, before: ReadCount): ReadCount => ({
  events: now.events - before.events,
  tails: now.tails - before.tails,
  leader: now.leader - before.leader,
});
