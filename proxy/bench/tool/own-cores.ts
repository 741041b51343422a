import { readFileSync } from "node:fs";

/** Which cores a process may use, as taskset understands it. */
export type Cores = string;

/** Who runs where. */
export interface SharedCores {
  readonly server: Cores;
  readonly tool: Cores;
  readonly nats: Cores;
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
  const [nats = server] = others;
  return { server: String(server), tool: others.length > 0 ? others.join(",") : String(server), nats: String(nats) };
};
