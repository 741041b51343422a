import type { KubeClient } from "./client.ts";
import { isStatus } from "./kube-error.ts";

const path = "/apis/storage.k8s.io/v1/storageclasses";
const defaultAnnotation = "storageclass.kubernetes.io/is-default-class";
const FRESH_MS = 60_000;

interface StorageClassList {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string;
      readonly creationTimestamp?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
  }[];
}

/** Name of the cluster's default StorageClass, as old as a minute at most; undefined when there is none or it may not be read. */
export type DefaultStorageClass = () => Promise<string | undefined>;

export const createDefaultStorageClass = (client: KubeClient, now: () => number): DefaultStorageClass => {
  let known: { readonly at: number; readonly name: string | undefined } | undefined;
  return async () => {
    if (known !== undefined && now() - known.at < FRESH_MS) return known.name;
    const name = await readDefault(client);
    known = { at: now(), name };
    return name;
  };
};

const readDefault = async (client: KubeClient): Promise<string | undefined> => {
  try {
    const { items } = (await client.request({ method: "GET", path })) as StorageClassList;
    // Of several defaults the newest counts, as in the API server's own admission.
    const defaults = items
      .map(({ metadata }) => metadata)
      .filter(({ annotations }) => annotations?.[defaultAnnotation] === "true")
      .toSorted(
        (a, b) => (b.creationTimestamp ?? "").localeCompare(a.creationTimestamp ?? "") || a.name.localeCompare(b.name),
      );
    return defaults[0]?.name;
  } catch (error) {
    // An operator of one namespace has no right to cluster-wide objects.
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
};
