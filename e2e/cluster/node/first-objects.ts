/** What the API holds from the start: the rights of the node's own services, and the default storage class. */
export function firstObjects(): object {
  return {
    apiVersion: "v1",
    kind: "List",
    items: [
      clusterRole("system:coredns", [
        rule("", ["services", "pods", "namespaces"], ["list", "watch"]),
        rule("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
      ]),
      binding("system:coredns"),
      clusterRole("system:volume-provisioner", [
        rule("", ["persistentvolumeclaims"], ["list", "watch"]),
        rule("", ["persistentvolumes"], ["list", "watch", "create", "delete"]),
      ]),
      binding("system:volume-provisioner"),
      storageClass,
    ],
  };
}

const storageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "local", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "revenprox.io/local",
  volumeBindingMode: "WaitForFirstConsumer",
  reclaimPolicy: "Delete",
};

const rbac = "rbac.authorization.k8s.io";

function rule(apiGroup: string, resources: readonly string[], verbs: readonly string[]) {
  return { apiGroups: [apiGroup], resources, verbs };
}

function clusterRole(name: string, rules: readonly object[]): object {
  return { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name }, rules };
}

/** Gives the role `name` to the user of the same name. */
function binding(name: string): object {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
    subjects: [{ apiGroup: rbac, kind: "User", name }],
  };
}
