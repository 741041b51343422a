import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ControlPlane, helm } from "@revenprox/cluster";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";

const run = promisify(execFile);
const pathFromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The present chart. */
export const chart = pathFromRoot("charts/revenprox");
/** The one before, kept as it was. */
export const previousChart = pathFromRoot("e2e/upgrade/charts/revenprox-0.1.0");
/** Namespace of the releases in tests. */
export const releaseNamespace = "system";

/** What `helm template` makes of a chart, by default the present one; rejects with helm's complaint. */
export const render = async (values: readonly string[] = [], of = chart): Promise<readonly KubernetesObject[]> => {
  const args = ["template", "revenprox", of, "--namespace", releaseNamespace, ...values];
  const { stdout } = await run(await helm(), args, { maxBuffer: 16_777_216 });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
};

/** What helm says about values that it does not take; empty when it takes them. */
export const refusal = async (...values: readonly string[]): Promise<string> =>
  render(values).then(
    () => "",
    (error: { readonly stderr: string }) => error.stderr,
  );

/** The one object of a kind. */
export const only = (objects: readonly KubernetesObject[], kind: string): KubernetesObject => {
  const [first, ...others] = objects.filter((object) => object.kind === kind);
  if (first === undefined || others.length > 0) throw new Error(`not exactly one ${kind}`);
  return first;
};

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

export const rulesOf = (role: KubernetesObject | undefined): readonly PolicyRule[] =>
  (role?.["rules"] ?? []) as readonly PolicyRule[];

/** Runs helm against a control plane; the answer is its standard output. */
export const helmOn =
  (controlPlane: ControlPlane) =>
  async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(await helm(), [...args, "--kubeconfig", controlPlane.kubeconfig]);
    return stdout;
  };

/** Runs kubectl against a control plane; the answer is its standard output without the last line end. */
export const kubectlOn =
  (controlPlane: ControlPlane) =>
  async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(controlPlane.kubectl, ["--kubeconfig", controlPlane.kubeconfig, ...args], {
      maxBuffer: 16_777_216,
    });
    return stdout.trim();
  };
