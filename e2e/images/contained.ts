import { tryCommand } from "@revenprox/cluster/host/command";

export type ContainedOptions = { temporaryFolder: string };

/**
 * Runs a program that mounts and forks, such as buildah, in mount and process namespaces of its own: when this
 * process ends, even by kill -9, the program, its descendants and its mounts are gone too.
 */
export async function contained(program: string, args: readonly string[], options: ContainedOptions): Promise<string> {
  const isolation = ["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const env = { ...process.env, TMPDIR: options.temporaryFolder };
  const result = await tryCommand("setpriv", [...isolation, program, ...args], { env });
  if (result.code === 0) return result.stdout;
  // Build steps report on either stream, so both are shown.
  const said = `${result.stdout.slice(-6000)}\n${result.stderr.slice(-6000)}`.trim();
  throw new Error(`${program} ended with code ${result.code}:\n${said}`);
}
