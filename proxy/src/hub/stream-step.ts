import { addTo, formatEventId } from "./event-id.ts";
import type { EncodedFrom } from "./frame-encoding.ts";
import type { FrameRing } from "./frame-ring.ts";
import type { Settled } from "./settling.ts";
import { isOpen, type Stream } from "./stream.ts";
import type { TopicView } from "./topic-view.ts";

/**
 * What the ids of streams say. Those in step hold ids that say what all of them were written; others have read all from
 * the journal, and hold ids that say that nothing is missing.
 */
export class StreamStep {
  readonly #view: TopicView;
  readonly #settling: Settled | undefined;

  /** Without `settling` the streams have one topic, of which nothing comes late. */
  constructor(view: TopicView, settling: Settled | undefined) {
    this.#view = view;
    this.#settling = settling;
  }

  isIn(ring: FrameRing, { cursor, starts, inStep }: Stream): boolean {
    return starts === undefined && (inStep ? cursor >= ring.floor : ring.entryFrom(cursor) === cursor);
  }

  /** A stream changes from the one to the other where both are true: where all is settled. False: it is visited again then. */
  mayGoOn(stream: Stream, inRing: boolean): boolean {
    const settling = this.#settling;
    if (settling === undefined || stream.inStep === inRing) return true;
    if (stream.blocked || stream.owed !== undefined || !isOpen(stream)) return false;
    if (settling.settledTo < stream.cursor) {
      settling.settle(stream.cursor);
      return false;
    }
    stream.inStep = inRing;
    return true;
  }

  /** The stream goes on at its cursor, and was told of what lies before: of the gaps that the ring has told beyond there it was not. */
  skipped(stream: Stream): void {
    stream.inStep &&= this.#view.ring.entryFrom(stream.cursor) === stream.cursor;
  }

  /** The stream may be given an id that says that nothing is missing. */
  hasAllLate({ late, inStep }: Stream): boolean {
    return this.#settling === undefined || late === undefined || (inStep && this.#settling.log.hasLookedAtAll(late));
  }

  idOf(stream: Stream): string {
    const { cursor, unwritten, inStep } = stream;
    if (this.#settling !== undefined && inStep) return this.#settling.idOf(stream);
    return formatEventId(this.#view.epoch, cursor, unwritten?.proof);
  }

  /** The next event that was found missing; its client can prove to have it then. */
  nextUnwritten(stream: Stream): EncodedFrom | undefined {
    if (stream.unwritten === undefined || stream.blocked || stream.owed !== undefined || !isOpen(stream))
      return undefined;
    const { proof, events } = stream.unwritten;
    const [next, ...left] = events;
    if (next === undefined) return undefined;
    const { topic, sequence, event } = next;
    const more = { ...proof, count: proof.count + 1, sum: addTo(proof.sum, sequence) };
    stream.unwritten = left.length === 0 ? undefined : { events: left, proof: more };
    return { topic, id: formatEventId(this.#view.epoch, sequence), place: this.idOf(stream), event };
  }
}
