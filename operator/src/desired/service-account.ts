import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";

/** Identity of the pods. They never talk to the Kubernetes API, so no token is mounted. */
export const serviceAccount = (instance: Instance): DesiredObject => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: metadata(instance, instance.names.proxy, "proxy"),
  automountServiceAccountToken: false,
});
