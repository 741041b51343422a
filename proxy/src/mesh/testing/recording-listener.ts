import type { EpochChange, JournalListener } from "../../hub/ports.ts";

/** What a journal said without being asked, in order. */
export interface RecordingListener extends JournalListener {
  readonly resyncs: string[];
  readonly epochs: EpochChange[];
  readonly nudges: { readonly topicId: string; readonly sequence: number }[];
  readonly disconnects: number;
}

export const recordingListener = (): RecordingListener => {
  const resyncs: string[] = [];
  const epochs: EpochChange[] = [];
  const nudges: { topicId: string; sequence: number }[] = [];
  let disconnects = 0;
  return {
    resyncs,
    epochs,
    nudges,
    get disconnects() {
      return disconnects;
    },
    resync: (reason) => void resyncs.push(reason),
    disconnected: () => {
      disconnects += 1;
    },
    epochChanged: (change) => void epochs.push(change),
    nudge: (topicId, sequence) => void nudges.push({ topicId, sequence }),
  };
};
