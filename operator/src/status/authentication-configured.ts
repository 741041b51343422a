import { names } from "@revenprox/contract/names";
import { missingSecret } from "./missing-secret.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

/** `spec.config` is checked by the API server, so a value here is a URL. */
const verifierOf = (config: Readonly<Record<string, unknown>> | undefined): readonly string[] => {
  const section = config?.["jwtVerifier"];
  if (typeof section !== "object" || section === null) return [];
  return ["webhookUrl", "jwksUrl"].filter((key) => Reflect.get(section, key) !== undefined);
};

/** Whether somebody decides who may read. */
export const authenticationConfigured = ({ input }: Situation): Verdict => {
  const missing = missingSecret(input, "spec.auth");
  if (missing !== undefined) return isFalse(missing.reason, missing.message);
  const { metadata, spec } = input.revenprox;
  const keys = spec.auth?.publishKeysSecret ?? names(metadata.name).publishKey;
  const verifiers = verifierOf(spec.config);
  if (verifiers.length > 0)
    return isTrue("VerifierConfigured", `Tokens are verified by spec.config.jwtVerifier.${verifiers.join(" and ")}.`);
  return isFalse(
    "PublishKeyOnly",
    `Anybody who reaches the proxies may read every topic. Publishing needs a key of the Secret ${keys}. Set spec.config.jwtVerifier.webhookUrl or jwksUrl to have tokens verified.`,
  );
};
