import { maxInstanceNameLength } from "../names.ts";
import type { RevenProxSpec } from "./spec.ts";
import type { RevenProxStatus } from "./status.ts";

/** A RevenProx as the API server serves it: defaults are filled in. */
export interface RevenProx {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: RevenProxSpec;
  readonly status?: RevenProxStatus;
}

/** CEL rules on the whole object: its children's names must be DNS labels. */
export const nameRules = [
  {
    rule: `size(self.metadata.name) <= ${maxInstanceNameLength} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
    message: `metadata.name must be at most ${maxInstanceNameLength} characters of a-z, 0-9 and -, and begin with a letter`,
  },
];
