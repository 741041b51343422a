import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type ControlPlane, kubernetes } from "@revenprox/cluster";

/** The HorizontalPodAutoscaler controller of Kubernetes itself, which looks each second; resolves with what ends it. */
export const startHpaController = async ({ kubeconfig }: ControlPlane): Promise<() => Promise<void>> => {
  const manager = join(await kubernetes(), "kube-controller-manager");
  const args = [
    `--kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--controllers=horizontal-pod-autoscaler-controller",
    "--horizontal-pod-autoscaler-sync-period=1s",
  ];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", manager, ...args], { stdio: "ignore" });
  const ended = once(child, "exit");
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await ended;
  };
};
