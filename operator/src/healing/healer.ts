import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { Replacement } from "@revenprox/contract/resource/status-healing";
import type { PodLoad } from "../fleet/pod-load.ts";
import { type Ailment, ailmentsAfter } from "./ailments.ts";
import { charged, withinHour } from "./budget.ts";
import { decideHealing, type HealingDecision, healingSettings } from "./decide.ts";

/** What a look at the proxies came to, for the status and for who acts on it. */
export interface HealingLook {
  readonly decision: HealingDecision;
  /** Every proxy that says now that it has lost something, also those that are not due. */
  readonly ailing: readonly Ailment[];
  /** What counts against the budget, a replacement that is decided on now included: stored before it is carried out. */
  readonly counted: readonly Replacement[];
  readonly maxPerHour: number;
  /** When to look again. */
  readonly againSeconds: number;
}

export interface LookFacts {
  /** The proxy pods with figures of now; never throws. */
  readonly loads: (revenprox: RevenProx) => Promise<readonly PodLoad[]>;
  /** Whether all pods are of the present spec, and as many as it asks for. */
  readonly settled: boolean;
  readonly now: Date;
}

export interface HealerDependencies {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Told when a reading has come in that must be looked at without delay. */
  readonly onAiling: (revenprox: RevenProx) => void;
}

/** Knows since when proxies are cut off; asks them in the background. */
export interface Healer {
  look(revenprox: RevenProx, facts: LookFacts): HealingLook;
  /** Another operator may have looked meanwhile: what was seen here counts no more. */
  forgetAll(): void;
}

/** Between two looks at proxies that are fine; less where `afterSeconds` is. */
const WELL_SECONDS = 60;
/** While a proxy ails. */
const AILING_SECONDS = 10;
/** A look that comes a little early (the pause between two reports is up to a tenth shorter) asks, too. */
const EARLY = 0.8;
/** A reading that is older decides nothing. */
const FRESH_MS = 5_000;
/** Resources that nobody asked for in a while are gone. */
const FORGOTTEN_MS = 600_000;

interface Memory {
  readonly askedAt: number;
  readonly readAt: number;
  readonly loads: readonly PodLoad[];
  readonly ailments: readonly Ailment[];
}

const nothing: Memory = {
  askedAt: Number.NEGATIVE_INFINITY,
  readAt: Number.NEGATIVE_INFINITY,
  loads: [],
  ailments: [],
};

export const createHealer = ({ now, onAiling }: HealerDependencies): Healer => {
  const memories = new Map<string, Memory>();

  const read = async (revenprox: RevenProx, loadsOf: LookFacts["loads"]): Promise<void> => {
    const { uid } = revenprox.metadata;
    const loads = await loadsOf(revenprox);
    const [before, readAt] = [memories.get(uid), now()];
    // Forgotten meanwhile: the reading is of a time in which another one may have led.
    if (before === undefined) return;
    const ailments = ailmentsAfter(before.ailments, loads, readAt);
    memories.set(uid, { ...before, readAt, loads, ailments });
    if (ailments.length + before.ailments.length > 0) onAiling(revenprox);
  };

  const forgetOthers = (): void => {
    for (const [uid, { askedAt }] of memories) if (now() - askedAt > FORGOTTEN_MS) memories.delete(uid);
  };

  return {
    forgetAll: () => memories.clear(),
    look: (revenprox, { loads, settled, now: date }) => {
      forgetOthers();
      const { uid } = revenprox.metadata;
      const memory = memories.get(uid) ?? nothing;
      const settings = healingSettings(revenprox.spec);
      const { maxPerHour } = settings;
      const ails = memory.ailments.length > 0;
      const againSeconds = ails ? AILING_SECONDS : Math.min(WELL_SECONDS, settings.afterMs / 1_000);
      if (now() - memory.askedAt >= againSeconds * EARLY * 1_000) {
        memories.set(uid, { ...memory, askedAt: now() });
        void read(revenprox, loads);
      }
      const past = withinHour(revenprox.status?.healing?.replacements ?? [], date);
      const { loads: known, ailments, readAt } = memory;
      const decision = decideHealing({ settings, settled, past, loads: known, ailments });
      const said = { ailing: ailments, maxPerHour, againSeconds };
      if (decision.kind !== "replace") return { ...said, decision, counted: past };
      if (now() - readAt > FRESH_MS) return { ...said, decision: { kind: "none" }, counted: past };
      return { ...said, decision, counted: charged(past, decision.ailment, date) };
    },
  };
};
