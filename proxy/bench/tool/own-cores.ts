import { readFileSync } from "node:fs";

/** Which cores a process may use, as taskset understands it. */
export type Cores = string;

/** Who runs where. */
export interface SharedCores {
  readonly server: Cores;
  readonly tool: Cores;
  readonly nats: Cores;
  /** Those of the load tool that NATS does not use, as far as there are any. */
  readonly besideNats: Cores;
}

/** `0-2,5` as 0, 1, 2, 5. */
const numbered = (list: Cores): readonly number[] =>
  list.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });

/** The cores that this process may use: with `taskset` before it, the benchmark keeps to a part of the machine. */
export const readOwnCores = (): Cores =>
  /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";

/** The server has the first core for itself, the load tool has the others. */
export const coresOf = (own: Cores): SharedCores => {
  const [server = 0, ...others] = numbered(own);
  const [nats = server, ...rest] = others;
  const tool = others.length > 0 ? others.join(",") : String(server);
  return { server: String(server), tool, nats: String(nats), besideNats: rest.length > 0 ? rest.join(",") : tool };
};

/** The first cores for so many event loops, the others for NATS and the load tool; the last core is always theirs. */
export const coresForLoops = (own: Cores, loops: number): { readonly server: Cores; readonly others: Cores } => {
  const all = numbered(own);
  const server = all.slice(0, Math.max(1, Math.min(loops, all.length - 1)));
  const others = all.slice(server.length);
  return { server: server.join(","), others: (others.length > 0 ? others : server).join(",") };
};
