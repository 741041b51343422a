import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ApplyOutcome, ClusterFacts, JournalVolumes } from "./ports.ts";
import type { ResourceEvent } from "./transitions.ts";

/** The volume claims of managed NATS servers. */
export interface JournalVolumeClaims {
  /**
   * Takes the next step of the volumes to the size of the spec; undefined where nothing is to be done, which asks
   * nobody as long as there is a StatefulSet. Throws when the API server cannot tell.
   */
  grow(revenprox: RevenProx): Promise<JournalVolumes | undefined>;
  /** Takes the StatefulSet away from around its pods and volumes, lest its template keep the former size; answers whether it did. */
  replaceStatefulSet(revenprox: RevenProx): Promise<boolean>;
}

export interface GrowDependencies {
  readonly journalVolumes: JournalVolumeClaims;
  /** Never throws. */
  readonly record: (revenprox: RevenProx, event: ResourceEvent) => Promise<void>;
}

/** `facts` with how far the volumes are, after their next step. */
export const withVolumes = async (
  { journalVolumes }: Pick<GrowDependencies, "journalVolumes">,
  revenprox: RevenProx,
  facts: ClusterFacts,
): Promise<ClusterFacts> => {
  const volumes = await journalVolumes.grow(revenprox);
  return volumes === undefined ? facts : { ...facts, journalVolumes: volumes };
};

/** What a pass has come to when the end of a growth is looked at. */
export interface GrowthScene {
  readonly volumes: JournalVolumes | undefined;
  readonly outcomes: readonly ApplyOutcome[];
  /** Whether NATS servers are still to be restarted. */
  readonly rolls: boolean;
}

/** Seconds between two looks at volumes that grow. */
const GROWING_SECONDS = 5;
/** Until the StatefulSet that was taken away can be made anew; its end brings the pass, too. */
const REPLACED_SECONDS = 1;

/** The same StatefulSet was wanted and was there: its servers have been told of the larger volumes. */
const isAsWanted = ({ metadata }: RevenProx, outcomes: readonly ApplyOutcome[]): boolean =>
  outcomes.some(
    ({ kind, ref }) => kind === "unchanged" && ref.kind === "StatefulSet" && ref.name === names(metadata.name).nats,
  );

/**
 * The last step of a growth: volumes have the new size, and all servers run with it. Then the StatefulSet is made anew, whose
 * volume claims nobody may change, and with it the journal's bounds rise. Answers the seconds until the next look.
 */
export const finishGrowth = async (
  { journalVolumes, record }: GrowDependencies,
  revenprox: RevenProx,
  { volumes, outcomes, rolls }: GrowthScene,
): Promise<number | undefined> => {
  if (volumes === undefined || volumes.blocked !== undefined || volumes.kept !== undefined) return undefined;
  if (volumes.waitingFor !== undefined) await record(revenprox, growing(volumes.waitingFor));
  if (!volumes.grown || rolls || !isAsWanted(revenprox, outcomes)) return GROWING_SECONDS;
  if (!(await journalVolumes.replaceStatefulSet(revenprox))) return GROWING_SECONDS;
  await record(revenprox, grown);
  return REPLACED_SECONDS;
};

const growing = (why: string): ResourceEvent => ({
  type: "Normal",
  reason: "JournalGrowing",
  message: `The volumes of the NATS servers grow: ${why}.`,
  lasting: true,
});

const grown: ResourceEvent = {
  type: "Normal",
  reason: "JournalGrown",
  message:
    "The volumes of the NATS servers have grown: the StatefulSet is made anew around its pods, which go on, and the journal may take more.",
};
