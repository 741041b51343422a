import { hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of a secret: what is kept in memory and compared. */
export type SecretDigest = Uint8Array;

export const secretDigest = (secret: string): SecretDigest => hash("sha256", secret, "buffer");

/** Compares in constant time. */
export const sameSecret = (a: SecretDigest, b: SecretDigest): boolean => timingSafeEqual(a, b);
