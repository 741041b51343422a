import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { ensureDebianPackages, natsServer } from "@revenprox/cluster";
import { makeSwitchboard, ownRunName, removeOrphans, removeRun, switchboard } from "./fleet/network.ts";

const needed = [
  { package: "iproute2", program: "ip" },
  { package: "nftables", program: "nft" },
  { package: "procps", program: "sysctl" },
  { package: "util-linux", program: "nsenter" },
  { package: "util-linux", program: "setpriv" },
] as const;

/** What the program inside is told by its environment. */
export const stageVariables = { run: "REVENPROX_CHAOS_RUN", nats: "REVENPROX_CHAOS_NATS" } as const;

const runInside = (
  file: string,
  program: string,
  args: readonly string[],
  variables: Record<string, string>,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const node = [process.execPath, "--conditions=revenprox-source", "--disable-warning=ExperimentalWarning"];
    const inside = ["setpriv", "--pdeathsig", "KILL", "--", ...node, program, ...args];
    const child = spawn("nsenter", [`--net=${file}`, "--", ...inside], {
      stdio: "inherit",
      env: { ...process.env, ...variables },
    });
    // The child has Ctrl-C from the terminal itself, and ends; what it made is removed here.
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", pass);
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });

/**
 * Runs `program` in a network namespace made for it, in which it may make further ones; removes everything afterwards,
 * and first what killed runs left behind. Resolves with its exit code. Needs root.
 */
export const runOnStage = async (program: string, args: readonly string[]): Promise<number> => {
  if (process.getuid?.() !== 0) throw new Error("network namespaces are made here, which needs root: run this as root");
  await ensureDebianPackages(needed);
  const nats = await natsServer();
  for (const name of await removeOrphans())
    process.stderr.write(`removed ${name}, left behind by a run that was killed\n`);
  const run = ownRunName();
  mkdirSync(run.folder, { recursive: true });
  try {
    await makeSwitchboard(run);
    return await runInside(switchboard(run), program, args, {
      [stageVariables.run]: run.text,
      [stageVariables.nats]: nats,
    });
  } finally {
    await removeRun(run);
  }
};
