import type { Log } from "../hub/ports.ts";
import { CallFailed } from "./call-line.ts";
import type { LoopCalls, LoopStart, LoopState, Told } from "./loop-calls.ts";
import type { LoopProcess } from "./loop-process.ts";
import type { EndedStreams } from "./merged-state.ts";

export interface LoopFleetParts<A extends Told, M> {
  readonly loops: number;
  readonly fork: (loop: number) => LoopProcess<A, M>;
  /** With what the loop begins now. */
  readonly start: (loop: number) => LoopStart;
  readonly after: (ms: number, action: () => void) => () => void;
  /** Milliseconds; never goes back. */
  readonly now: () => number;
  readonly log: Log;
  /** A loop that served is gone, unasked. */
  readonly onGone: (loop: number) => void;
  /** A loop serves now. */
  readonly onServing: (loop: number) => void;
}

/** A loop and what is known of it. */
interface Member<A extends Told, M> {
  readonly loop: number;
  readonly process: LoopProcess<A, M>;
  readonly since: number;
  state: LoopState | undefined;
  answeredAt: number;
}

const startPatienceMs = 60_000;
const lookEveryMs = 1_000;
/** A loop that is only busy is asked again; what it said last counts meanwhile. */
const patienceMs = 500;
/** A loop that is silent for so long stands still: first nobody is sent here, since some would come to it; then it is replaced. */
const silence = { tellMs: 5_000, endMs: 30_000 };
const backOff = { firstMs: 100, mostMs: 5_000, forgottenMs: 60_000 };

/** The event loops of one proxy: starts them, knows how they are, and replaces those that end. */
export class LoopFleet<A extends Told = Told, M = unknown> {
  readonly #parts: LoopFleetParts<A, M>;
  readonly #members = new Map<number, Member<A, M>>();
  readonly #delays = new Map<number, number>();
  #ended: EndedStreams = { created: 0, moved: 0 };
  #leaving = false;
  #look: (() => void) | undefined;

  constructor(parts: LoopFleetParts<A, M>) {
    this.#parts = parts;
  }

  /** What was counted on loops that are gone, as they told it last. */
  get ended(): EndedStreams {
    return this.#ended;
  }

  /** Loops that do not serve at the moment. */
  get missing(): number {
    return this.#parts.loops - this.#serving().length;
  }

  /** Loops that serve, or did, and do not answer. */
  get silent(): number {
    const now = this.#parts.now();
    return this.#serving().filter(({ answeredAt }) => now - answeredAt > silence.tellMs).length;
  }

  /** What the loops that serve said last. */
  states(): readonly LoopState[] {
    return this.#serving().flatMap(({ state }) => state ?? []);
  }

  /** Starts all of them; rejects with the first fault, and then none is left. */
  async open(): Promise<void> {
    const { loops } = this.#parts;
    try {
      await Promise.all(Array.from({ length: loops }, (_, index) => this.#start(index + 1)));
    } catch (fault) {
      await this.kill();
      throw fault;
    }
    this.#lookAgain();
  }

  /** Asks every loop how it is; never takes longer than half a second. */
  async refresh(): Promise<void> {
    await Promise.all(this.#serving().map((member) => this.#ask(member)));
  }

  /** Asks every loop that serves; those that do not answer in time, or fail, are left out. */
  async askAll<N extends keyof LoopCalls>(
    name: N,
    argument: LoopCalls<A, M>[N][0],
    waitMs = patienceMs,
  ): Promise<ReadonlyMap<number, LoopCalls<A, M>[N][1]>> {
    const answers = await Promise.allSettled(
      this.#serving().map(async (member) => [member.loop, await this.#answer(member, name, argument, waitMs)] as const),
    );
    return new Map(answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])));
  }

  /** Asks the first loop that answers; undefined when none does. */
  async askOne<N extends keyof LoopCalls>(
    name: N,
    argument: LoopCalls<A, M>[N][0],
    waitMs: number,
  ): Promise<LoopCalls<A, M>[N][1] | undefined> {
    const asked = this.#serving().map((member) => this.#answer(member, name, argument, waitMs));
    // What failed was told for each.
    return Promise.any(asked).catch(() => undefined);
  }

  /** Tells all that serve, or all but one of them. */
  tell<N extends keyof LoopCalls>(name: N, argument: LoopCalls<A, M>[N][0], but?: number): void {
    for (const { loop, process } of this.#serving()) if (loop !== but) process.line.tell(name, argument);
  }

  /** Tells each of the loops in `parts` its own part. */
  tellEach<N extends keyof LoopCalls>(name: N, parts: ReadonlyMap<number, LoopCalls<A, M>[N][0]>): void {
    for (const [loop, part] of parts) this.#members.get(loop)?.process.line.tell(name, part);
  }

  /** Open streams by loop. */
  streams(): ReadonlyMap<number, number> {
    return new Map(this.#serving().map(({ loop, state }) => [loop, state?.health.connections ?? 0]));
  }

  /** From now on no loop is replaced. */
  leave(): void {
    this.#leaving = true;
    this.#look?.();
  }

  /** Resolves when every process is gone. */
  async gone(): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ process }) => process.exited));
  }

  async kill(): Promise<void> {
    this.leave();
    for (const { process } of this.#members.values()) process.kill();
    await this.gone();
  }

  #serving(): readonly Member<A, M>[] {
    return [...this.#members.values()].filter(({ state }) => state !== undefined);
  }

  /** Resolves when the loop serves. */
  async #start(loop: number): Promise<void> {
    const { fork, start, now, onServing } = this.#parts;
    const process = fork(loop);
    const member: Member<A, M> = { loop, process, since: now(), state: undefined, answeredAt: now() };
    this.#members.set(loop, member);
    const ended = process.exited.then((how) => {
      throw new Error(`event loop ${loop} ended: ${how}`);
    });
    // An end after the start is told by #lost.
    ended.catch(() => undefined);
    await Promise.race([process.line.ask("start", start(loop), startPatienceMs), ended]);
    member.state = await process.line.ask("state", undefined, startPatienceMs);
    member.answeredAt = now();
    // Both may have changed since it was told to start.
    const { config, logLevel } = start(loop);
    process.line.tell("configure", config);
    process.line.tell("logLevel", logLevel);
    onServing(loop);
    void process.exited.then((how) => this.#lost(member, how));
  }

  /** What a loop answers; rejects as `ask` does. A fault of the loop is told here: to those who ask it is one that says nothing. */
  async #answer<N extends keyof LoopCalls>(
    { loop, process }: Member<A, M>,
    name: N,
    argument: LoopCalls<A, M>[N][0],
    waitMs: number,
  ): Promise<LoopCalls<A, M>[N][1]> {
    try {
      return await process.line.ask(name, argument, waitMs);
    } catch (fault) {
      if (fault instanceof CallFailed)
        this.#parts.log.error(`Event loop ${loop} cannot answer ${name}: ${fault.message}`);
      throw fault;
    }
  }

  async #ask(member: Member<A, M>): Promise<void> {
    try {
      member.state = await this.#answer(member, "state", undefined, patienceMs);
      member.answeredAt = this.#parts.now();
    } catch {
      // Busy, or gone: what it said last counts until its end is seen, or it was silent for too long.
      if (this.#parts.now() - member.answeredAt > silence.endMs) member.process.kill();
    }
  }

  #lookAgain(): void {
    this.#look = this.#parts.after(lookEveryMs, () => {
      void this.refresh().then(() => {
        if (!this.#leaving) this.#lookAgain();
      });
    });
  }

  #lost({ loop, process, since, state }: Member<A, M>, how: string): void {
    const { log, now, onGone } = this.#parts;
    this.#members.delete(loop);
    if (state !== undefined)
      this.#ended = {
        created: this.#ended.created + state.stats.totalCreated,
        moved: this.#ended.moved + state.moves.moved,
      };
    if (this.#leaving) return;
    log.error(
      `Event loop ${loop} (process ${process.pid}) ended: ${how}. It is started again; its streams come back by themselves`,
    );
    onGone(loop);
    if (now() - since > backOff.forgottenMs) this.#delays.delete(loop);
    this.#replace(loop);
  }

  #replace(loop: number): void {
    const delay = this.#delays.get(loop) ?? backOff.firstMs;
    this.#delays.set(loop, Math.min(backOff.mostMs, delay * 2));
    this.#parts.after(delay, () => void this.#startAgain(loop));
  }

  async #startAgain(loop: number): Promise<void> {
    if (this.#leaving) return;
    const { log } = this.#parts;
    try {
      await this.#start(loop);
      // It was not told of the end that has begun meanwhile.
      if (this.#leaving) this.#members.get(loop)?.process.kill();
      else log.info(`Event loop ${loop} serves again`);
    } catch (fault) {
      this.#members.get(loop)?.process.kill();
      this.#members.delete(loop);
      if (this.#leaving) return;
      log.error(`Event loop ${loop} cannot be started, it is tried again: ${String(fault)}`);
      this.#replace(loop);
    }
  }
}
