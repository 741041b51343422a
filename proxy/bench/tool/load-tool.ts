import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cached, fileInputs } from "@revenprox/cluster/build/cache";
import { findGo, goBuild } from "@revenprox/cluster/build/go";
import type { Buckets } from "../statistics.ts";
import type { PublishRequest, StreamRequest } from "../subjects/subject.ts";
import type { Cores } from "./own-cores.ts";
import { spawnPinned } from "./processes.ts";

const source = join(import.meta.dirname, "..", "load");

/** Path of the load tool, built on the first call and kept in the cache. */
export const loadTool = async (): Promise<string> => {
  const go = await findGo();
  const inputs = await fileInputs(source, [".go", "go.mod"]);
  const folder = await cached("bench-load", [...inputs, go.version], (target) =>
    goBuild(go, source, join(target, "load")),
  );
  return join(folder, "load");
};

/** What a reader answers to `open`. */
export interface Opened {
  readonly opened: number;
  readonly failed: number;
  readonly millis: number;
  readonly fault: string;
  /** From the first connect to the first byte, of each stream. */
  readonly waits: Buckets;
}

/** What a reader answers to `count`: what came since `begin`. */
export interface Counts {
  readonly delivered: number;
  /** By streams that read slowly; these are not in `delivered`. */
  readonly slowDelivered: number;
  /** Of an earlier step. */
  readonly stale: number;
  /** Not the sequence that was due: lost, doubled, or out of order. */
  readonly disordered: number;
  readonly damaged: number;
  readonly misrouted: number;
  readonly closed: number;
  readonly bytes: number;
  /** Time of the last delivery, in nanoseconds since 1970. */
  readonly lastNanos: number;
  readonly fault: string;
  readonly latency: Buckets;
}

/** What a publisher answers to `publish`. */
export interface Published {
  readonly planned: number;
  readonly accepted: number;
  readonly failed: number;
  readonly fault: string;
  readonly millis: number;
  readonly startNanos: number;
  readonly answers: Buckets;
}

/** As openCommand in load/reader.go. */
export interface OpenOptions extends StreamRequest {
  readonly target: string;
  readonly count: number;
  readonly topics: number;
  readonly firstTopic: number;
  readonly concurrency: number;
  readonly source: string;
  readonly size: number;
  readonly slowEvery: number;
  readonly slowBytes: number;
  readonly pauseMs: number;
  readonly withinMs: number;
}

/** As publishCommand in load/publisher.go. */
export interface PublishOptions extends PublishRequest {
  readonly target: string;
  readonly rate: number;
  readonly millis: number;
  readonly lanes: number;
  readonly topics: number;
  readonly size: number;
  readonly step: number;
  readonly graceMs: number;
}

/** One process of the load tool. */
export interface LoadProcess {
  readonly pid: number;
  /** One command at a time. */
  open(options: OpenOptions): Promise<Opened>;
  begin(step: number): Promise<void>;
  count(): Promise<Counts>;
  publish(options: PublishOptions): Promise<Published>;
  close(): Promise<void>;
  stop(): Promise<void>;
}

export interface LoadProcessOptions {
  readonly program: string;
  readonly role: "reader" | "publisher";
  readonly cores: Cores;
  readonly namespace?: string | undefined;
}

/** Longer than any step, so that a run that stands still ends with the reason. */
const longestAnswerMs = 180_000;

export const startLoadProcess = ({ program, role, cores, namespace }: LoadProcessOptions): LoadProcess => {
  // Garbage is collected seldom: pauses of the tool would be counted as the server's.
  const environment = { GOGC: "400" };
  const child = spawnPinned({ cores, program, args: [role], environment, namespace, gather: false });
  const { stdin, stdout } = child.process;
  if (stdin === null || stdout === null) throw new Error("the load tool has no standard input or output");
  const lines = createInterface({ input: stdout });
  const ended = once(child.process, "close").then(() => {
    throw new Error(`the load tool ended:\n${child.output()}`);
  });
  // Whoever asks something learns of it; until then nobody may.
  ended.catch(() => undefined);
  const ask = async <T>(command: Readonly<Record<string, unknown>>): Promise<T> => {
    const signal = AbortSignal.timeout(longestAnswerMs);
    const line = once(lines, "line", { signal }).catch((cause: unknown) => {
      throw new Error(`the load tool did not answer ${command["do"]} in ${longestAnswerMs / 1_000} s`, { cause });
    });
    stdin.write(`${JSON.stringify(command)}\n`);
    const [text]: unknown[] = await Promise.race([line, ended]);
    return JSON.parse(String(text)) as T;
  };
  return {
    pid: child.pid,
    open: (open) => ask({ do: "open", open }),
    begin: (step) => ask({ do: "begin", step }),
    count: () => ask({ do: "count" }),
    publish: (publish) => ask({ do: "publish", publish }),
    close: () => ask({ do: "close" }),
    stop: () => child.stop(),
  };
};
