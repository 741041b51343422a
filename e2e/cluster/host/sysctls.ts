import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Settings of the whole machine that kubelet changes at its start. */
const CHANGED_BY_KUBELET = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
];

const fileOf = (name: string) => join("/proc/sys", name);

/** Writes the present values to `file`; values that an earlier, unfinished run saved there are kept. */
export function saveSysctls(file: string): void {
  if (existsSync(file)) return;
  const there = CHANGED_BY_KUBELET.filter((name) => existsSync(fileOf(name)));
  const values = Object.fromEntries(there.map((name) => [name, readFileSync(fileOf(name), "utf8").trim()]));
  writeFileSync(file, JSON.stringify(values));
}

/** Puts saved values back and removes `file`; does nothing when there is none. */
export function restoreSysctls(file: string): void {
  if (!existsSync(file)) return;
  const values = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  for (const [name, value] of Object.entries(values)) {
    if (readFileSync(fileOf(name), "utf8").trim() !== value) writeFileSync(fileOf(name), value);
  }
  rmSync(file);
}
