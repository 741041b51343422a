import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";
import { type PolicyRule, render, rulesOf } from "./chart.ts";
import type { AuditEvent, TestCluster } from "./cluster.ts";

/** One verb on one resource, as a role grants it: `apps/deployments get`, `/pods list`, `revenprox.io/revenproxes/status patch`. */
export type Right = string;

export const rightOf = (group: string, resource: string, verb: string): Right => `${group}/${resource} ${verb}`;

/** Every right that rules grant, one by one. */
export const rightsOf = (rules: readonly PolicyRule[]): readonly Right[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => rightOf(group, resource, verb)))),
  );

/** The rules without one right. */
export const withoutRight = (rules: readonly PolicyRule[], dropped: Right): readonly PolicyRule[] =>
  rules
    .flatMap((rule) =>
      rule.apiGroups.flatMap((group) =>
        rule.resources.map((resource) => ({
          ...rule,
          apiGroups: [group],
          resources: [resource],
          verbs: rule.verbs.filter((verb) => rightOf(group, resource, verb) !== dropped),
        })),
      ),
    )
    .filter(({ verbs }) => verbs.length > 0);

/** Rights that a call needed. A server-side apply that made its object needed the right to create, too. */
export const rightsUsedBy = ({ verb, objectRef, responseStatus }: AuditEvent): readonly Right[] => {
  if (objectRef?.resource === undefined) return [];
  const resource = [objectRef.resource, objectRef.subresource].filter(Boolean).join("/");
  const group = objectRef.apiGroup ?? "";
  const used = rightOf(group, resource, verb);
  return verb === "patch" && responseStatus?.code === 201 ? [used, rightOf(group, resource, "create")] : [used];
};

export const isRefused = ({ responseStatus }: AuditEvent): boolean => responseStatus?.code === 403;

/** Rules of the operator's roles as the chart makes them with these values: those for resources, and those for its Lease. */
export const operatorRules = async (values: readonly string[] = []) => {
  const objects = await render(values);
  const role = (name: string) =>
    objects.find(({ kind, metadata }) => ["Role", "ClusterRole"].includes(kind) && metadata.name === name);
  return {
    resources: rulesOf(role("revenprox-operator")),
    lease: rulesOf(role("revenprox-operator-leader")),
  };
};

const roleRef = (kind: string, name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name });

/** Gives rules to a user: in all namespaces, or in one. */
export const grant = async (
  cluster: TestCluster,
  user: string,
  { rules, namespace }: { readonly rules: readonly PolicyRule[]; readonly namespace?: string },
): Promise<void> => {
  const scope = namespace === undefined ? "Cluster" : "";
  const name = `${user}-${namespace ?? "everywhere"}`;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const base = `/apis/rbac.authorization.k8s.io/v1${namespace === undefined ? "" : `/namespaces/${namespace}`}`;
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: `${scope}Role`, metadata, rules };
  const binding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: `${scope}RoleBinding`,
    metadata,
    roleRef: roleRef(`${scope}Role`, name),
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
  };
  const post = (plural: string, body: object) =>
    cluster.client.request({ method: "POST", path: `${base}/${plural}`, body });
  await post(`${scope.toLowerCase()}roles`, role);
  await post(`${scope.toLowerCase()}rolebindings`, binding);
};

/** A kubeconfig file in `folder` that acts as `user`. */
export const kubeconfigAs = async (cluster: TestCluster, user: string, folder: string): Promise<string> => {
  const config = JSON.parse(await readFile(cluster.controlPlane.kubeconfig, "utf8")) as {
    users: { user: Record<string, unknown> }[];
  };
  for (const each of config.users) each.user["as"] = user;
  const file = join(folder, `${user.replaceAll(/[^a-z0-9-]/g, "-")}.json`);
  await writeFile(file, JSON.stringify(config));
  return file;
};

/** Whether the API server would let `user` do what a call did. */
export const mayRepeat = async (
  cluster: TestCluster,
  user: string,
  { verb, objectRef }: Pick<AuditEvent, "verb" | "objectRef">,
): Promise<boolean> => {
  const { apiGroup: group, resource, subresource, namespace, name } = objectRef ?? {};
  const answer = (await cluster.client.request({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user, resourceAttributes: { verb, group, resource, subresource, namespace, name } },
    },
  })) as KubernetesObject & { readonly status: { readonly allowed: boolean } };
  return answer.status.allowed;
};
