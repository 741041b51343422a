import type { LiveObject } from "../kube/object.ts";
import type { PodEnding } from "./record.ts";

/** How pods that are gone had ended, by uid. */
export interface Endings {
  /** Takes the last that was seen of a pod that is gone. */
  note(pod: LiveObject): void;
  of(uid: string): PodEnding;
}

const mostRemembered = 5_000;

interface PodStatus {
  readonly phase?: string;
  readonly containerStatuses?: readonly {
    readonly name: string;
    readonly state?: { readonly terminated?: { readonly exitCode?: number } };
  }[];
}

/** The proxy ends with 0 only after every stream was ended, so its exit code tells. */
const endingOf = (pod: LiveObject): PodEnding => {
  const { phase, containerStatuses = [] } = (pod["status"] ?? {}) as PodStatus;
  const code = containerStatuses.find(({ name }) => name === "proxy")?.state?.terminated?.exitCode;
  if (code !== undefined) return code === 0 ? "clean" : "unclean";
  if (phase === "Succeeded") return "clean";
  return phase === "Failed" ? "unclean" : "unknown";
};

export const createEndings = (): Endings => {
  const endings = new Map<string, PodEnding>();
  return {
    note: (pod) => {
      endings.set(pod.metadata.uid ?? "", endingOf(pod));
      const oldest = endings.size > mostRemembered ? endings.keys().next().value : undefined;
      if (oldest !== undefined) endings.delete(oldest);
    },
    of: (uid) => endings.get(uid) ?? "unknown",
  };
};
