import type { ResourceKind } from "../../src/kube/kinds.ts";

const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** A CustomResourceDefinition that serves a kind of somebody else's API and takes whatever is in it. */
export const looseCrd = ({ apiVersion, kind, plural }: ResourceKind) => {
  const [group = "", version = ""] = apiVersion.split("/");
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      // Groups of the Kubernetes project ask for it.
      annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/891" },
    },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: "object", properties: { spec: anything, status: anything } } },
        },
      ],
    },
  };
};
