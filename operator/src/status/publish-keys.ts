import { names } from "@revenprox/contract/names";
import type { PublishKeyEntry, StatusInput } from "../reconcile/ports.ts";
import type { Trouble } from "./verdict.ts";

/** Most entries that are named; a Secret may hold thousands. */
const maxNamed = 5;

const listed = (parts: readonly string[]): string => {
  const more = parts.length - maxNamed;
  return [...parts.slice(0, maxNamed), ...(more > 0 ? [`${more} more`] : [])].join("; ");
};

const lackOf = ({ id, fault, expires }: PublishKeyEntry, now: Date): string | undefined => {
  if (fault !== undefined) return `${id}: ${fault}`;
  return expires !== undefined && expires <= now.getTime()
    ? `${id}: expired at ${new Date(expires).toISOString()}`
    : undefined;
};

const isGenerated = ({ revenprox }: StatusInput): boolean => revenprox.spec.auth?.publishKeysSecret === undefined;

/** Name of the Secret whose entries are the publish keys. */
export const publishKeysSecret = ({ metadata, spec }: StatusInput["revenprox"]): string =>
  spec.auth?.publishKeysSecret ?? names(metadata.name).publishKey;

const remedyOf = (input: StatusInput): string =>
  isGenerated(input)
    ? "Delete it, and the operator makes one with a new key within a minute, or put the former key back."
    : "Give it an entry with a key of 16 characters or more, for example from openssl rand -hex 32.";

/** Why nobody can publish by a key although the Secret is there; undefined while one can. */
export const unusableKeys = (input: StatusInput): Trouble | undefined => {
  const entries = input.facts.secrets.publishKeys;
  if (entries === undefined) return undefined;
  const lacks = entries.flatMap((entry) => lackOf(entry, input.now) ?? []);
  if (lacks.length < entries.length) return undefined;
  const what = entries.length === 0 ? "is empty" : `has no key that can be used (${listed(lacks)})`;
  const message = `Nobody can publish with a key: the Secret ${publishKeysSecret(input.revenprox)} ${what}. ${remedyOf(input)}`;
  return { reason: "PublishKeyUnusable", message };
};

/** A sentence on the entries that proxies pass over while others are used; empty when there are none. */
export const unusedKeys = ({ facts, now }: StatusInput): string => {
  const lacks = (facts.secrets.publishKeys ?? []).flatMap((entry) => lackOf(entry, now) ?? []);
  return lacks.length === 0 ? "" : ` Keys that are not used: ${listed(lacks)}.`;
};
