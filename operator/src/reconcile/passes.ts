import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { RecordedWrite } from "../plan/recorded-write.ts";
import type { Scaling } from "../scaling/scaler.ts";
import type { ApplyOutcome, ClusterFacts, DesiredObject } from "./ports.ts";

/** What a pass found, wanted and did. */
export interface Pass {
  readonly facts: ClusterFacts;
  readonly desired: readonly DesiredObject[];
  readonly outcomes: readonly ApplyOutcome[];
  /** In plan mode: what would have been written. */
  readonly planned?: readonly RecordedWrite[] | undefined;
  /** What `spec.autoscaling` decided; undefined without it. */
  readonly scaling?: Scaling | undefined;
}

/** The last pass over each resource, for its status. */
export interface Passes {
  /** Undefined before the first pass over the resource in its present generation. */
  of(revenprox: RevenProx): Pass | undefined;
  remember(revenprox: RevenProx, pass: Pass): void;
  forget(key: string): void;
}

interface Remembered extends Pass {
  readonly uid: string;
  readonly generation: number | undefined;
}

const keyOf = ({ metadata }: RevenProx): string => `${metadata.namespace}/${metadata.name}`;

export const createPasses = (): Passes => {
  const passes = new Map<string, Remembered>();
  return {
    of: (revenprox) => {
      const { uid, generation } = revenprox.metadata;
      const pass = passes.get(keyOf(revenprox));
      return pass?.uid === uid && pass.generation === generation ? pass : undefined;
    },
    remember: (revenprox, pass) => {
      const { uid, generation } = revenprox.metadata;
      passes.set(keyOf(revenprox), { ...pass, uid, generation });
    },
    forget: (key) => void passes.delete(key),
  };
};
