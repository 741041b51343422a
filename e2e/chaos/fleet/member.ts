import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { memberNamespace, type Place, type RunName } from "./network.ts";

export interface MemberParts extends Place {
  readonly run: RunName;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Resolves when the member serves; called after each start. */
  readonly ready: (member: Member) => Promise<void>;
}

/** A server in a network namespace of its own, which can be ended, paused and started again. */
export class Member {
  readonly member: string;
  readonly address: string;
  readonly #parts: MemberParts;
  #child: ChildProcess | undefined;
  #paused = false;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.member = parts.member;
    this.address = parts.address;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The end of its log. */
  log(lines: number): string {
    return readFileSync(this.#parts.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }

  async start(): Promise<void> {
    const { program, args, environment, logFile, run } = this.#parts;
    const log = openSync(logFile, "a");
    try {
      // setpriv: nothing outlives a killed runner. Neither program forks, so the child's number is the server's.
      const enter = [`--net=${memberNamespace(run, this.member)}`, "--", "setpriv", "--pdeathsig", "KILL", "--"];
      const child = spawn("nsenter", [...enter, program, ...args], {
        env: { PATH: process.env["PATH"] ?? "", ...environment },
        stdio: ["ignore", log, log],
      });
      this.#child = child;
      child.once("exit", () => {
        if (this.#child === child) this.#child = undefined;
      });
    } finally {
      closeSync(log);
    }
    await this.#parts.ready(this);
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Asks it to end and waits until it has. */
  terminate(): Promise<void> {
    return this.#end("SIGTERM");
  }

  pause(): void {
    this.#paused = true;
    this.#child?.kill("SIGSTOP");
  }

  goOn(): void {
    this.#paused = false;
    this.#child?.kill("SIGCONT");
  }

  #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return Promise.resolve();
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    if (this.#paused) this.goOn();
    return gone;
  }
}

/** Polls until `probe` is true; the fault names `what` and shows the end of the member's log. */
export const waitFor = async (member: Member, what: string, probe: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 60_000;
  while (!(await probe())) {
    if (!member.running) throw new Error(`${member.member} ended at its start; its log:\n${member.log(20)}`);
    if (Date.now() > deadline)
      throw new Error(`${member.member}: waited 60 s for ${what}; its log:\n${member.log(20)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
