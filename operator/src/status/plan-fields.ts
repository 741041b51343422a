import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { planStatusOf } from "../plan/plan-status.ts";
import type { StatusInput } from "../reconcile/ports.ts";

/** What would change, in plan mode; `open` are the streams that the status shows. */
export const planFields = (
  { revenprox, planned, apply }: StatusInput,
  open: number | undefined,
): Pick<RevenProxStatus, "plan"> =>
  planned === undefined
    ? {}
    : { plan: planStatusOf({ generation: revenprox.metadata.generation, writes: planned, outcomes: apply, open }) };
