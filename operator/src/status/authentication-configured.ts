import { missingSecret } from "./missing-secret.ts";
import { publishKeysSecret, unusableKeys, unusedKeys } from "./publish-keys.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

/** `spec.config` is checked by the API server, so a value here is a URL. */
const verifierOf = (config: Readonly<Record<string, unknown>> | undefined): readonly string[] => {
  const section = config?.["jwtVerifier"];
  if (typeof section !== "object" || section === null) return [];
  return ["webhookUrl", "jwksUrl"].filter((key) => Reflect.get(section, key) !== undefined);
};

/** Whether somebody decides who may read, and those who may publish can. */
export const authenticationConfigured = ({ input }: Situation): Verdict => {
  const trouble = missingSecret(input, "spec.auth") ?? unusableKeys(input);
  if (trouble !== undefined) return isFalse(trouble.reason, trouble.message);
  const unused = unusedKeys(input);
  const verifiers = verifierOf(input.revenprox.spec.config);
  if (verifiers.length > 0)
    return isTrue(
      "VerifierConfigured",
      `Tokens are verified by spec.config.jwtVerifier.${verifiers.join(" and ")}.${unused}`,
    );
  return isFalse(
    "PublishKeyOnly",
    `Anybody who reaches the proxies may read every topic. Publishing needs a key of the Secret ${publishKeysSecret(input.revenprox)}. Set spec.config.jwtVerifier.webhookUrl or jwksUrl to have tokens verified.${unused}`,
  );
};
