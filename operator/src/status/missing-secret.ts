import type { MissingSecret, StatusInput } from "../reconcile/ports.ts";
import type { Trouble } from "./verdict.ts";

const what = ({ field, name, keys, exists }: MissingSecret): string => {
  const entries =
    keys.length === 0 ? "" : ` ${exists ? "" : "with "}the ${keys.length === 1 ? "key" : "keys"} ${keys.join(" and ")}`;
  return exists
    ? `The Secret ${name} that ${field} names lacks${entries || " any key"}. Add what is missing.`
    : `The Secret ${name} that ${field} names does not exist. Create it${entries}.`;
};

/** The first Secret of the user's, named in this part of the spec, that new proxies would wait for. */
export const missingSecret = ({ facts }: Pick<StatusInput, "facts">, below = "spec"): Trouble | undefined => {
  const missing = facts.secrets.missing.find(({ field }) => field.startsWith(`${below}.`));
  return missing === undefined ? undefined : { reason: "SecretMissing", message: what(missing) };
};
