import { isDeepStrictEqual } from "node:util";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ApplyOutcome } from "../reconcile/ports.ts";
import { failureOf } from "./apply.ts";
import type { KubeClient } from "./client.ts";
import { pathOf, secretKind } from "./kinds.ts";
import { refOf } from "./object.ts";
import { holderOf } from "./ownership.ts";
import type { Secret } from "./secret-facts.ts";

/** Values for a Secret that exists, and what a person should hear of the change. */
export interface Replacement {
  /** Plain text by key: all of them. */
  readonly entries: Readonly<Record<string, string>>;
  readonly news: string;
}

export interface ReplaceSecretDependencies {
  readonly client: KubeClient;
  readonly manager: string;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Gives `live` other values where they differ, if it is ours and nobody has changed it since it was read. Never throws. */
export const replaceSecret = async (
  { client, manager }: ReplaceSecretDependencies,
  { revenprox, live }: { readonly revenprox: RevenProx; readonly live: Secret },
  { entries, news }: Replacement,
): Promise<ApplyOutcome> => {
  const ref = refOf(live);
  const holder = holderOf(live, revenprox);
  if (holder.kind === "foreign") return { kind: "name-conflict", ref, owner: holder.owner };
  if (holder.kind === "leaving")
    return { kind: "failed", ref, message: "the former Secret of this name is still being deleted" };
  const data = Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, base64(value)]));
  if (isDeepStrictEqual(data, { ...live.data })) return { kind: "unchanged", ref };
  try {
    const { name, namespace = "" } = live.metadata;
    // The version that was read goes along: the server refuses when another one has been written since.
    const path = pathOf(secretKind, namespace, name);
    await client.request({ method: "PUT", path, query: { fieldManager: manager }, body: { ...live, data } });
    return { kind: "renewed", ref, news };
  } catch (error) {
    return failureOf(ref, error);
  }
};
