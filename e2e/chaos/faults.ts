import { errors, type NatsConnection } from "@nats-io/nats-core";
import { journalStream } from "@revenprox/contract/nats-subjects";
import { allReady, type Fleet } from "./fleet/fleet.ts";
import type { Member } from "./fleet/member.ts";
import { type Barrier, cutOff, joinAgain, setCable } from "./fleet/network.ts";
import { instance } from "./fleet/proxy-node.ts";
import { type Fault, faultText } from "./schedule.ts";

export interface FaultLine {
  /** Milliseconds after the start of the load. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

export interface FaultsParts {
  readonly fleet: Fleet;
  readonly nats: NatsConnection;
  readonly tell: (line: string) => void;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const agreeWithinMs = 20_000;

interface StreamInfo {
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly { readonly current: boolean }[] };
}

/** Makes the faults of a schedule happen, and mends all in the end. */
export class Faults {
  readonly #parts: FaultsParts;
  readonly #running = new Set<string>();
  readonly #lines: FaultLine[] = [];
  /** Work on one member is done in turn. */
  readonly #turns = new Map<string, Promise<void>>();
  #startedAt = 0;
  #stopped = false;

  constructor(parts: FaultsParts) {
    this.#parts = parts;
  }

  /** The faults that are in force now. */
  get now(): string {
    return this.#running.size === 0 ? "none" : [...this.#running].join(", ");
  }

  get lines(): readonly FaultLine[] {
    return this.#lines;
  }

  /** Resolves when the last fault is over. */
  async play(schedule: readonly Fault[]): Promise<void> {
    this.#startedAt = Date.now();
    await Promise.all(schedule.map((fault) => this.#playOne(fault)));
  }

  /** Ends every fault, and waits until all proxies are ready and the servers agree. */
  async mend(): Promise<void> {
    this.#stopped = true;
    const { fleet } = this.#parts;
    await Promise.all(
      [...fleet.nats, ...fleet.proxies].map((member) => this.#inTurn(member, () => this.#mendOne(member))),
    );
    await this.#agreed(60_000);
    await allReady(fleet);
  }

  async #mendOne(member: Member): Promise<void> {
    const { run } = this.#parts.fleet;
    await joinAgain(run, member.member);
    await setCable(run, member.member, true);
    member.goOn();
    if (!member.running) await member.start();
  }

  async #playOne(fault: Fault): Promise<void> {
    await pause(fault.atMs);
    if (this.#stopped) return;
    const text = faultText(fault);
    const fromMs = Date.now() - this.#startedAt;
    this.#running.add(text);
    await this.#make(fault);
    this.#running.delete(text);
    const line = { fromMs, toMs: Date.now() - this.#startedAt, text };
    this.#lines.push(line);
    this.#parts.tell(`${(line.fromMs / 1_000).toFixed(1)} to ${(line.toMs / 1_000).toFixed(1)} s: ${text}`);
  }

  async #make(fault: Fault): Promise<void> {
    const { fleet } = this.#parts;
    if (fault.kind === "proxies-roll") {
      for (const proxy of fleet.proxies) await this.#inTurn(proxy, () => roll(proxy));
      return;
    }
    if (fault.kind === "leader-step-down") return this.#stepDown();
    const atNats = fault.kind.startsWith("nats-");
    const member = (atNats ? fleet.nats : fleet.proxies)[fault.target];
    if (member === undefined) return;
    if (atNats) await this.#agreed(agreeWithinMs);
    await this.#inTurn(member, () => this.#hold(fault, member));
  }

  async #hold({ kind, forMs }: Fault, member: Member): Promise<void> {
    const { fleet } = this.#parts;
    const natsAddresses = fleet.nats.map(({ address }) => address).filter((address) => address !== member.address);
    const cut = async (how: Barrier): Promise<void> => {
      await cutOff(fleet.run, member.member, natsAddresses, how);
      await pause(forMs);
      await joinAgain(fleet.run, member.member);
    };
    switch (kind) {
      case "proxy-kill":
      case "nats-kill":
        await member.kill();
        await pause(forMs);
        return member.start();
      case "proxy-pause":
      case "nats-pause":
        member.pause();
        await pause(forMs);
        return member.goOn();
      case "proxy-cut-from-nats":
      case "nats-isolate-drop":
        return cut("drop");
      case "proxy-reset-from-nats":
      case "nats-isolate-reset":
        return cut("reset");
      case "proxy-unplugged":
        await setCable(fleet.run, member.member, false);
        await pause(forMs);
        await setCable(fleet.run, member.member, true);
        return;
      case "leader-step-down":
      case "proxies-roll":
        return;
    }
  }

  #inTurn(member: Member, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(member.member) ?? Promise.resolve();
    const turn = before.then(work);
    // A failure is told to whoever asked for this work, not to the next in turn.
    this.#turns.set(
      member.member,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #stepDown(): Promise<void> {
    const subject = `$JS.API.STREAM.LEADER.STEPDOWN.${journalStream(instance)}`;
    await this.#agreed(agreeWithinMs);
    try {
      await this.#parts.nats.request(subject, "", { timeout: 3_000 });
    } catch (error) {
      // There may be no leader just now; then there is none to step down.
      if (!(error instanceof errors.TimeoutError || error instanceof errors.RequestError)) throw error;
    }
  }

  async #agreed(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (Date.now() < deadline && !(await this.#agree())) await pause(200);
  }

  /** True when the journal has a leader and all its replicas have what it has. */
  async #agree(): Promise<boolean> {
    try {
      const reply = await this.#parts.nats.request(`$JS.API.STREAM.INFO.${journalStream(instance)}`, "", {
        timeout: 2_000,
      });
      const { cluster } = reply.json<StreamInfo>();
      if (cluster?.leader === undefined) return this.#parts.fleet.nats.length === 1;
      return cluster.replicas?.every(({ current }) => current) ?? true;
    } catch {
      // No leader, or a server that does not answer: not yet.
      return false;
    }
  }
}

const roll = async (proxy: Member): Promise<void> => {
  await proxy.terminate();
  await proxy.start();
};
