import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { desired } from "../desired/index.ts";
import type { DesiredInput } from "../reconcile/ports.ts";
import { status } from "../status/index.ts";
import { testTime } from "./live.ts";

/** What a pass with this input writes as status when everything could be written and nothing runs yet. */
export const statusOf = (input: DesiredInput): RevenProxStatus =>
  status({
    revenprox: input.revenprox,
    settings: input.settings,
    facts: input.facts,
    desired: desired(input),
    observed: { objects: [], pods: [] },
    apply: [],
    workload: undefined,
    natsServers: [],
    now: new Date(testTime),
  });
