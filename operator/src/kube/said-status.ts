import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { canonicalJson } from "./canonical.ts";

/**
 * What was said last of the resources whose status is not as it was said: the CRD of an earlier release has no place
 * for some fields, and others may add some. Without this the same status would be sent for ever, and what rests on a
 * field that has no place, such as the budget of replacements, would begin anew with each look.
 */
export interface SaidStatus {
  /** `live` with the status as it was said, as long as the API server has what came of it. */
  whole(live: RevenProx): RevenProx;
  /** `came`: what the API server has of it, by its answer. */
  said(live: RevenProx, status: RevenProxStatus, came: unknown): void;
  forget(key: string): void;
}

interface Said {
  readonly uid: string;
  readonly status: RevenProxStatus;
  readonly came: string;
}

const keyOf = ({ metadata }: RevenProx): string => `${metadata.namespace}/${metadata.name}`;

export const createSaidStatus = (): SaidStatus => {
  const differing = new Map<string, Said>();
  return {
    whole: (live) => {
      const last = differing.get(keyOf(live));
      const isLast = last?.uid === live.metadata.uid && last.came === canonicalJson(live.status);
      return isLast ? { ...live, status: last.status } : live;
    },
    said: (live, status, came) => {
      const text = canonicalJson(came);
      if (text === canonicalJson(status)) differing.delete(keyOf(live));
      else differing.set(keyOf(live), { uid: live.metadata.uid, status, came: text });
    },
    forget: (key) => void differing.delete(key),
  };
};
