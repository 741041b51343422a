import { type FieldPaths, fieldPaths, type SchemaSkew, schemaSkew } from "@revenprox/contract/resource/field-paths";
import { revenproxApi } from "@revenprox/contract/resource/group";
import type { KubeClient } from "./client.ts";
import type { Scheduler } from "./work-queue.ts";

export interface ServedSchemaOptions {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  /** The fields that this release knows. */
  readonly own: FieldPaths;
  /** `before` is undefined the first time. */
  readonly onChange: (now: SchemaSkew, before: SchemaSkew | undefined) => void;
  readonly onFailed: (error: unknown) => void;
  /** Milliseconds between two looks. */
  readonly intervalMs?: number | undefined;
}

export interface ServedSchema {
  /** How the served schema differs; undefined while it is not known. */
  readonly skew: SchemaSkew | undefined;
  /** Looks now, and again and again until it is stopped. */
  start(): Promise<void>;
  stop(): void;
}

const defaultIntervalMs = 60_000;
const index = "/openapi/v3";

interface Index {
  readonly paths?: Readonly<Record<string, { readonly serverRelativeURL?: string }>>;
}

interface Document {
  readonly components?: { readonly schemas?: Readonly<Record<string, ServedType>> };
}

interface ServedType {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly "x-kubernetes-group-version-kind"?: readonly { readonly group: string; readonly kind: string }[];
}

/**
 * Follows the schema of RevenProx that the API server serves, by its OpenAPI documents: everybody may read them, also who
 * has no right on CustomResourceDefinitions. The large one is read only when its hash changes.
 */
export const createServedSchema = (options: ServedSchemaOptions): ServedSchema => {
  const { client, scheduler, own, onChange, onFailed, intervalMs = defaultIntervalMs } = options;
  let skew: SchemaSkew | undefined;
  let seen: string | undefined;
  let cancel: (() => void) | undefined;
  let stopped = false;

  const look = async (): Promise<void> => {
    try {
      const url = await urlOf(client);
      const served = url === undefined || url === seen ? undefined : await read(client, url);
      if (served !== undefined) {
        seen = url;
        const [before, now] = [skew, schemaSkew(own, served)];
        skew = now;
        if (JSON.stringify(before) !== JSON.stringify(now)) onChange(now, before);
      }
    } catch (error) {
      // What is not known stays as it was.
      onFailed(error);
    }
    if (!stopped) cancel = scheduler.after(intervalMs, () => void look());
  };

  return {
    get skew() {
      return skew;
    },
    start: look,
    stop: () => {
      stopped = true;
      cancel?.();
    },
  };
};

/** Path with the hash of the present document; undefined while the kind is not served. */
const urlOf = async (client: KubeClient): Promise<string | undefined> => {
  const { paths = {} } = (await client.request({ method: "GET", path: index })) as Index;
  return paths[`apis/${revenproxApi.apiVersion}`]?.serverRelativeURL;
};

const isRevenProx = (type: ServedType): boolean =>
  (type["x-kubernetes-group-version-kind"] ?? []).some(
    ({ group, kind }) => group === revenproxApi.group && kind === revenproxApi.kind,
  );

const read = async (client: KubeClient, url: string): Promise<FieldPaths | undefined> => {
  const [path = "", search = ""] = url.split("?");
  const query = Object.fromEntries(new URLSearchParams(search));
  const { components = {} } = (await client.request({ method: "GET", path, query })) as Document;
  const type = Object.values(components.schemas ?? {}).find(isRevenProx);
  // Right after the CRD was made its document may be empty.
  return type?.properties?.["spec"] === undefined ? undefined : fieldPaths(type);
};
