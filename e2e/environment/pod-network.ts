import { readdir, readFile } from "node:fs/promises";
import { runCommand } from "./run-command.ts";

/** Pods of the built-in cluster are processes of this machine; the path of their cgroup has the pod's uid. */
const processIn = async (podUid: string): Promise<string> => {
  const marks = [`pod${podUid}`, `pod${podUid.replaceAll("-", "_")}`];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    // A process that has just ended has no file any more.
    const cgroup = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
    if (marks.some((mark) => cgroup.includes(mark))) return pid;
  }
  throw new Error(`no process of the pod with uid ${podUid} runs on this machine`);
};

/** Standard output of a program of this machine that runs in the network of a pod of the built-in cluster. */
export const inPodNetwork = async (podUid: string, command: readonly string[], input = ""): Promise<string> => {
  const pid = await processIn(podUid);
  return runCommand("nsenter", ["--target", pid, "--net", ...command], input);
};

const rules = (port: number): string => `
table inet cut {
  chain out { type filter hook output priority 0; tcp dport ${port} drop; }
  chain in { type filter hook input priority 0; tcp sport ${port} drop; }
}
`;

/**
 * From now on no packet passes between a pod and `port` of anybody, in neither direction, and nobody is told; all else
 * does. By nftables in the pod's own network namespace, with which it goes.
 */
export const cutOff = async (podUid: string, port: number): Promise<void> => {
  await inPodNetwork(podUid, ["nft", "--file", "-"], rules(port));
};
