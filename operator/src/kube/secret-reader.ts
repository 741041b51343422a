import type { KubeClient } from "./client.ts";
import { pathOf, secretKind } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import { keyOf, parseLiveObject } from "./object.ts";
import type { Secret } from "./secret-facts.ts";

export interface SecretReaderDependencies {
  readonly client: KubeClient;
  readonly now: () => number;
  readonly manager: string;
}

/** Reads Secrets by name, and believes an answer for a while. */
export interface SecretReader {
  /** For a pass. Undefined when there is none. Throws when the API server cannot tell. */
  read(namespace: string, name: string): Promise<Secret | undefined>;
  /** The same, from an answer that may be older. */
  readKnown(namespace: string, name: string): Promise<Secret | undefined>;
  /** Something has changed it, or will: it is asked for again. */
  forget(secret: Secret): void;
}

/**
 * How long a pass believes an answer. Secrets are not watched: a deleted one is noticed by the pass of each minute,
 * also where a change of something else caused another one right before it was deleted.
 */
const FRESH_FOR_PASSES_MS = 10_000;
/** How long the same is believed by those who only need a value, as to ask a proxy, and learn that it is old. */
const FRESH_MS = 50_000;

export const createSecretReader = ({ client, now, manager }: SecretReaderDependencies): SecretReader => {
  const cache = new Map<string, { readonly at: number; readonly secret: Secret }>();

  // In order of age: what comes first is oldest. No value stays in memory for longer than it is used.
  const forgetStale = () => {
    for (const [key, { at }] of cache) {
      if (now() - at < FRESH_MS) return;
      cache.delete(key);
    }
  };

  const readWithin = async (maxAgeMs: number, namespace: string, name: string): Promise<Secret | undefined> => {
    const key = keyOf(namespace, name);
    const known = cache.get(key);
    if (known !== undefined && now() - known.at < maxAgeMs) return known.secret;
    forgetStale();
    try {
      const answer = await client.request({ method: "GET", path: pathOf(secretKind, namespace, name) });
      const secret: Secret = parseLiveObject(answer, secretKind, manager);
      cache.delete(key);
      cache.set(key, { at: now(), secret });
      return secret;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  };

  return {
    read: (namespace, name) => readWithin(FRESH_FOR_PASSES_MS, namespace, name),
    readKnown: (namespace, name) => readWithin(FRESH_MS, namespace, name),
    forget: ({ metadata }) => void cache.delete(keyOf(metadata.namespace, metadata.name)),
  };
};
