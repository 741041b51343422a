import type { Clock, JournalBounds } from "../hub/ports.ts";
import { JournalUnavailable } from "../hub/ports.ts";
import type { JournalPosition } from "./journal-position.ts";
import type { JournalSession } from "./journal-session.ts";
import { createTurnstile } from "./turnstile.ts";

export interface SharedBoundsDeps {
  readonly clock: Clock;
  readonly position: JournalPosition;
  readonly session: () => JournalSession | undefined;
  /** Stores a record and answers its sequence: only what most servers stored proves where the journal ends. */
  readonly store: (session: JournalSession) => Promise<number>;
}

const reason = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

/** Asks where the journal begins and ends, once for all who ask in one turn. */
export class SharedBounds {
  readonly #deps: SharedBoundsDeps;
  readonly #proofs = createTurnstile(1);
  #asked: Promise<JournalBounds> | undefined;
  /** Highest sequence that somebody who waits has an id of. */
  #beyond = 0;

  constructor(deps: SharedBoundsDeps) {
    this.#deps = deps;
  }

  /** Rejects with `JournalUnavailable`. The answer was asked for after this call, and reaches `beyond` or proves the end. */
  ask(beyond: number): Promise<JournalBounds> {
    this.#beyond = Math.max(this.#beyond, beyond);
    this.#asked ??= this.#askAll();
    return this.#asked;
  }

  async #askAll(): Promise<JournalBounds> {
    const { clock, position } = this.#deps;
    await new Promise<void>((resolve) => clock.endOfTurn(resolve));
    this.#asked = undefined;
    const beyond = this.#beyond;
    this.#beyond = 0;
    const session = this.#deps.session();
    const { epoch } = position;
    if (session === undefined || epoch === undefined) throw new JournalUnavailable("the journal is out of reach");
    try {
      const { leads, ...bounds } = await session.bounds();
      if (!leads) throw new Error("the server that answers may lead no more");
      const lastSequence =
        bounds.lastSequence < beyond ? await this.#proofs(() => this.#prove(session, beyond)) : bounds.lastSequence;
      if (position.epoch === epoch) position.note(lastSequence);
      return { epoch, firstSequence: bounds.firstSequence, lastSequence };
    } catch (cause) {
      throw new JournalUnavailable(`the journal's bounds cannot be read: ${reason(cause)}`, { cause });
    }
  }

  /**
   * A sequence that was stored after this was called, unless `beyond` was heard of meanwhile. A server that was cut off,
   * or that has just become the leader and has not applied all it was sent, tells an older end.
   */
  #prove(session: JournalSession, beyond: number): Promise<number> {
    const { highest } = this.#deps.position;
    return highest >= beyond ? Promise.resolve(highest) : this.#deps.store(session);
  }
}
