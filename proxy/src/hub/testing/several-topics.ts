import type { StreamRequest } from "../hub.ts";
import { type HubUnderTest, hubOnModel, text, topicOf } from "./hub-under-test.ts";
import { RecordingSink } from "./recording-sink.ts";

/** Of the model's journal, in milliseconds. */
export const epoch = 1_700_000_000_000;
/** An id without a proof. */
export const id = (sequence: number): string => `${epoch}-${String(sequence).padStart(3, "0")}`;

export const open = ({ hub }: HubUnderTest, names: string, wish: Partial<StreamRequest> = {}) => {
  const sink = new RecordingSink();
  const topics = [...names].map(topicOf);
  const stream = hub.open({ topics, encoding: "plain", lastEventId: undefined, ...wish }, sink);
  if ("refused" in stream) throw new Error(`refused: ${stream.refused}`);
  return { sink, stream };
};

/** `<place> <data>` of each event of a stream. */
export const events = (sink: RecordingSink) =>
  [...sink.text.matchAll(/^id: \d+-(\d+)(?:~\S+)?\ndata: (.*)$/gm)].map(([, at, data]) => `${Number(at)} ${data}`);

/** Its journal has these events, a second apart; the first letter names the topic. */
export const storing = async (...stored: readonly string[]) => {
  const model = hubOnModel();
  for (const each of stored) {
    model.journal.store(topicOf(each.slice(0, 1)).topicId, text(each));
    await model.clock.advance(1_000);
  }
  return model;
};
