import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type ControlPlane, kubernetes } from "@revenprox/cluster";

/** Controllers of Kubernetes itself, by their names, and none besides; resolves with what ends them. */
export const startControllers = async (
  { kubeconfig }: ControlPlane,
  names: readonly string[],
  flags: readonly string[] = [],
): Promise<() => Promise<void>> => {
  const manager = join(await kubernetes(), "kube-controller-manager");
  const args = [
    `--kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    "--secure-port=0",
    `--controllers=${names.join(",")}`,
    ...flags,
  ];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", manager, ...args], { stdio: "ignore" });
  const ended = once(child, "exit");
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await ended;
  };
};
