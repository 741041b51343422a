import type { PublishKeyEntry, StatusInput } from "../reconcile/ports.ts";
import { secondsLater, settledInput } from "../testing/live.ts";
import { testCases } from "../testing/status-case.contract.ts";

const good: PublishKeyEntry = { id: "default" };
const bad: PublishKeyEntry = { id: "broken", fault: "a key is at least 16 characters" };
const expires = (seconds: number): PublishKeyEntry => ({ id: "old", expires: secondsLater(seconds).getTime() });
const verified = { config: { jwtVerifier: { webhookUrl: "https://auth.example/verify" } } };

const holding = (publishKeys: readonly PublishKeyEntry[], spec: unknown = {}): StatusInput => {
  const { secrets } = settledInput({}).facts;
  return settledInput(spec, { secrets: { ...secrets, publishKeys } });
};
const unusable = { AuthenticationConfigured: "False PublishKeyUnusable" };
const keyOnly = { AuthenticationConfigured: "False PublishKeyOnly" };

testCases([
  { name: "a key that can be used", input: holding([good]), says: keyOnly },
  {
    name: "a generated Secret that was emptied, and how to get another one",
    input: holding([]),
    says: { ...unusable, Ready: "True Ready" },
    naming: ["Secret web-publish-key is empty", "Delete it, and the operator makes one"],
  },
  {
    name: "only what is no key, with the reason",
    input: holding([bad]),
    says: unusable,
    naming: ["broken: a key is at least 16 characters"],
  },
  {
    name: "the same of the user's own Secret, which the operator does not make",
    input: holding([bad], { auth: { publishKeysSecret: "shop" } }),
    says: unusable,
    naming: ["Secret shop has no key", "Give it an entry"],
  },
  { name: "although tokens are verified", input: holding([], verified), says: unusable },
  { name: "a key that has expired", input: holding([expires(-1)]), says: unusable, naming: ["old: expired at 2026-"] },
  { name: "one that will", input: holding([expires(1)]), says: keyOnly },
  {
    name: "one of several is named and changes nothing else",
    input: holding([good, bad], verified),
    says: { AuthenticationConfigured: "True VerifierConfigured" },
    naming: ["Keys that are not used: broken"],
  },
  {
    name: "thousands are not all named",
    input: holding(Array.from({ length: 2_000 }, () => bad)),
    says: unusable,
    naming: ["1995 more"],
  },
]);
