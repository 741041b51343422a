import { createHash, timingSafeEqual } from "node:crypto";

/** SHA-256 of a secret: what is kept in memory and compared. */
export type SecretDigest = Uint8Array;

export const secretDigest = (secret: string): SecretDigest => createHash("sha256").update(secret, "utf8").digest();

/** Compares in constant time. */
export const sameSecret = (a: SecretDigest, b: SecretDigest): boolean => timingSafeEqual(a, b);
