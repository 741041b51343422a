/** Names of the custom resource in the Kubernetes API. */
export const revenproxApi = {
  group: "revenprox.io",
  version: "v1alpha1",
  apiVersion: "revenprox.io/v1alpha1",
  kind: "RevenProx",
  listKind: "RevenProxList",
  plural: "revenproxes",
  singular: "revenprox",
  shortName: "rvp",
} as const;

/** On a RevenProx with the value `true`: nothing is written but `status.plan`, which says what would be. */
export const planAnnotation = `${revenproxApi.group}/plan`;
