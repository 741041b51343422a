import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { healingStatusOf } from "../healing/budget.ts";
import type { StatusInput } from "../reconcile/ports.ts";

/** The budget; nobody looked in plan mode, so that it stays as it was. */
export const healingFields = ({ revenprox, healing }: StatusInput): Pick<RevenProxStatus, "healing"> => {
  const shown =
    healing === undefined ? revenprox.status?.healing : healingStatusOf(healing.counted, healing.maxPerHour);
  return shown === undefined ? {} : { healing: shown };
};
