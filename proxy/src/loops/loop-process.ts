import { type ChildProcess, fork } from "node:child_process";
import { type Answering, CallLine } from "./call-line.ts";
import type { LoopCalls, SupervisorCalls, Told } from "./loop-calls.ts";

export interface LoopProcessParts<A extends Told> {
  /** The module that the process runs. */
  readonly program: URL;
  readonly answers: Answering<SupervisorCalls<A>>;
  readonly after: (ms: number, action: () => void) => () => void;
  readonly onFault: (fault: unknown) => void;
}

/** An event loop in a process of its own. */
export interface LoopProcess<A extends Told = Told, M = unknown> {
  readonly line: CallLine<LoopCalls<A, M>>;
  readonly pid: number | undefined;
  /** Resolves when the process is gone, with how it ended in words. */
  readonly exited: Promise<string>;
  kill(): void;
}

const exitOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once("error", (fault) => resolve(`could not be started: ${fault.message}`));
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });

/** Starts the program with this process's flags; its output is this process's output. */
export const forkLoop = <A extends Told, M>({
  program,
  answers,
  after,
  onFault,
}: LoopProcessParts<A>): LoopProcess<A, M> => {
  const child = fork(program, [], { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const line = new CallLine<LoopCalls<A, M>>(
    {
      // A message to a process that has just gone is lost with it; its exit is what counts.
      send: (message) => void (child.connected && child.send(message as object, () => undefined)),
      after,
      onFault,
    },
    answers,
  );
  child.on("message", (message) => line.receive(message));
  const exited = exitOf(child);
  void exited.then(() => line.close());
  return { line, pid: child.pid, exited, kill: () => void child.kill("SIGKILL") };
};
