import { createHash } from "node:crypto";

const sorted = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** JSON that does not depend on the order of keys. */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, sorted);

/** 16 hex digits of SHA-256 over the canonical JSON. */
export const contentHash = (value: unknown): string =>
  createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 16);
