import { type Component, objectLabels } from "@revenprox/contract/labels";
import type { ObjectMeta } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";

/** `metadata` of a child; labels carry no version, so a new operator writes nothing. */
export const metadata = (instance: Instance, name: string, component: Component): ObjectMeta => ({
  name,
  namespace: instance.namespace,
  labels: objectLabels(instance.name, component),
});
