import { hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of a secret: what is kept in memory and compared. */
export type SecretDigest = Uint8Array;

export const secretDigest = (secret: string): SecretDigest => hash("sha256", secret, "buffer");

/** Compares in constant time. */
export const sameSecret = (a: SecretDigest, b: SecretDigest): boolean => timingSafeEqual(a, b);

/** Compares in a time that tells no more than whether they are of one length. */
export const sameText = (a: string, b: string): boolean => {
  if (a.length !== b.length) return false;
  let differences = 0;
  for (let at = 0; at < a.length; at += 1) differences |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return differences === 0;
};
