import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startControlPlane } from "@revenprox/cluster";

const crd = fileURLToPath(new URL("../../../crds/revenprox.yaml", import.meta.url));

/** A real API server that knows the custom resource. */
export interface ServedCrd {
  /** Everything kubectl said, whether it succeeded or not. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  stop(): Promise<void>;
}

export const serveCrd = async (): Promise<ServedCrd> => {
  const api = await startControlPlane();
  const kubectl = (args: readonly string[], input = ""): Promise<string> =>
    new Promise((resolve) => {
      const child = execFile(api.kubectl, ["--kubeconfig", api.kubeconfig, ...args], (_, stdout, stderr) =>
        resolve(`${stdout}${stderr}`),
      );
      child.stdin?.end(input);
    });
  const applied = await kubectl(["apply", "--filename", crd]);
  const established = await kubectl(["wait", "--for=condition=Established", "--timeout=60s", "--filename", crd]);
  if (applied.includes("created") && established.includes("condition met")) return { kubectl, stop: () => api.stop() };
  await api.stop();
  throw new Error(`the API server does not take the CRD: ${applied}${established}`);
};
