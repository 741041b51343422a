import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, tryCommand } from "@revenprox/cluster/host/command";
import { identify, isRunning, type ProcessIdentity } from "@revenprox/cluster/host/process-table";

const namespaces = "/run/netns";
const prefix = "rpxchaos";

/** A run's names: they tell who owns it, so that a later run finds what a killed one left behind. */
export interface RunName {
  readonly text: string;
  /** State of servers; removed with the run. */
  readonly folder: string;
}

export const runNameOf = ({ pid, startTime }: ProcessIdentity): RunName => {
  const text = `${prefix}-${pid}-${startTime}`;
  return { text, folder: join(tmpdir(), text) };
};

export const ownRunName = (): RunName => {
  const self = identify(process.pid);
  if (self === undefined) throw new Error("this process does not stand in /proc");
  return runNameOf(self);
};

/** File of the namespace of the switch that all others hang on; clients and publishers live in it. */
export const switchboard = (run: RunName): string => join(namespaces, run.text);
export const memberNamespace = (run: RunName, member: string): string => join(namespaces, `${run.text}-${member}`);

/** A member's place: its namespace has one link, `eth0`, to the switch. */
export interface Place {
  readonly member: string;
  readonly address: string;
}

const subnet = 16;
export const switchAddress = "10.83.0.1";

const inNamespace = (file: string, program: string, args: readonly string[], input?: string): Promise<string> =>
  command("nsenter", [`--net=${file}`, "--", program, ...args], { input });

/** Small kernel buffers on the clients' side, else a slow reader's arrears vanish in them. */
const clientSettings = ["net.ipv4.tcp_rmem=4096 16384 65536", "net.ipv4.ip_local_port_range=2048 65000"];
/** What the operator sets for the pods of a proxy. */
const memberSettings = ["net.ipv4.tcp_wmem=4096 16384 262144"];

export const makeSwitchboard = async (run: RunName): Promise<void> => {
  const file = switchboard(run);
  await command("ip", ["netns", "add", run.text]);
  const links = [
    "link set lo up",
    "link add br0 type bridge",
    `addr add ${switchAddress}/${subnet} dev br0`,
    "link set br0 up",
  ];
  await inNamespace(file, "ip", ["-batch", "-"], `${links.join("\n")}\n`);
  await inNamespace(file, "sysctl", ["-qw", ...clientSettings]);
};

export const plugIn = async (run: RunName, { member, address }: Place): Promise<void> => {
  const name = `${run.text}-${member}`;
  await command("ip", ["netns", "add", name]);
  const outside = [
    `link add ${member} type veth peer name eth0 netns ${name}`,
    `link set ${member} master br0`,
    `link set ${member} up`,
  ];
  await inNamespace(switchboard(run), "ip", ["-batch", "-"], `${outside.join("\n")}\n`);
  const inside = ["link set lo up", `addr add ${address}/${subnet} dev eth0`, "link set eth0 up"];
  await inNamespace(memberNamespace(run, member), "ip", ["-batch", "-"], `${inside.join("\n")}\n`);
  await inNamespace(memberNamespace(run, member), "sysctl", ["-qw", ...memberSettings]);
};

/** Pulls the member's cable, or puts it back: nobody is told, packets just stop. */
export const setCable = (run: RunName, member: string, plugged: boolean): Promise<string> =>
  inNamespace(switchboard(run), "ip", ["link", "set", member, plugged ? "up" : "down"]);

export type Barrier = "drop" | "reset";

const verdicts: Readonly<Record<Barrier, string>> = { drop: "drop", reset: "meta l4proto tcp reject with tcp reset" };

/** The member and `addresses` reach each other no more: packets vanish, or connections are reset. */
export const cutOff = async (
  run: RunName,
  member: string,
  addresses: readonly string[],
  how: Barrier,
): Promise<void> => {
  const set = `{ ${addresses.join(", ")} }`;
  const chain = (hook: string, field: string): string =>
    ` chain ${hook} {\n  type filter hook ${hook} priority 0;\n  ip ${field} ${set} ${verdicts[how]}\n }\n`;
  const rules = `table inet chaos {\n${chain("input", "saddr")}${chain("output", "daddr")}}\n`;
  await inNamespace(memberNamespace(run, member), "nft", ["-f", "-"], rules);
};

/** Undoes `cutOff`; nothing happens where there was none. */
export const joinAgain = async (run: RunName, member: string): Promise<void> => {
  await tryCommand("nsenter", [
    `--net=${memberNamespace(run, member)}`,
    "--",
    "nft",
    "delete",
    "table",
    "inet",
    "chaos",
  ]);
};

/** Ends what still runs in the run's namespaces, and removes these and the run's folder. */
export const removeRun = async (run: RunName): Promise<void> => {
  const names = listed().filter((name) => name === run.text || name.startsWith(`${run.text}-`));
  for (const name of names) {
    const { stdout } = await tryCommand("ip", ["netns", "pids", name]);
    for (const pid of stdout.split("\n").filter((line) => line !== "")) killNow(Number(pid));
  }
  for (const name of names) await tryCommand("ip", ["netns", "delete", name]);
  await rm(run.folder, { recursive: true, force: true, maxRetries: 5 });
};

/** Removes what runs that were killed left behind; returns their names. */
export const removeOrphans = async (): Promise<readonly string[]> => {
  const owners = new Map<string, ProcessIdentity>();
  for (const name of [...listed(), ...readdirSync(tmpdir())]) {
    const [text, pid, startTime] = /^rpxchaos-(\d+)-(\d+)/.exec(name) ?? [];
    if (text !== undefined && pid !== undefined && startTime !== undefined)
      owners.set(text, { pid: Number(pid), startTime });
  }
  const orphans = [...owners.values()].filter((owner) => !isRunning(owner)).map(runNameOf);
  for (const orphan of orphans) await removeRun(orphan);
  return orphans.map(({ text }) => text);
};

const listed = (): readonly string[] => {
  try {
    return readdirSync(namespaces);
  } catch (error) {
    // No namespace was ever named on this machine.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
};

const killNow = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};
