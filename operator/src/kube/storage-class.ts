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
    readonly allowVolumeExpansion?: boolean;
  }[];
}

type Classes = StorageClassList["items"];

/** The cluster's StorageClasses, as old as a minute at most. */
export interface StorageClasses {
  /** Name of the default one; undefined when there is none or it may not be read. */
  defaultName(): Promise<string | undefined>;
  /** Whether there is a class of this name; undefined when it may not be read. */
  exists(name: string): Promise<boolean | undefined>;
  /** Whether volumes of a class may grow; undefined when there is no such class or it may not be read. */
  expandable(name: string): Promise<boolean | undefined>;
}

export const createStorageClasses = (client: KubeClient, now: () => number): StorageClasses => {
  let known: { readonly at: number; readonly classes: Classes | undefined } | undefined;
  const classes = async (): Promise<Classes | undefined> => {
    if (known !== undefined && now() - known.at < FRESH_MS) return known.classes;
    const read = await readClasses(client);
    known = { at: now(), classes: read };
    return read;
  };
  return {
    defaultName: async () => defaultOf((await classes()) ?? []),
    exists: async (name) => (await classes())?.some(({ metadata }) => metadata.name === name),
    expandable: async (name) => {
      const found = (await classes())?.find(({ metadata }) => metadata.name === name);
      return found === undefined ? undefined : found.allowVolumeExpansion === true;
    },
  };
};

/** Of several defaults the newest counts, as in the API server's own admission. */
const defaultOf = (classes: Classes): string | undefined =>
  classes
    .map(({ metadata }) => metadata)
    .filter(({ annotations }) => annotations?.[defaultAnnotation] === "true")
    .toSorted(
      (a, b) => (b.creationTimestamp ?? "").localeCompare(a.creationTimestamp ?? "") || a.name.localeCompare(b.name),
    )[0]?.name;

const readClasses = async (client: KubeClient): Promise<Classes | undefined> => {
  try {
    return ((await client.request({ method: "GET", path })) as StorageClassList).items;
  } catch (error) {
    // An operator of one namespace has no right to cluster-wide objects.
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
};
