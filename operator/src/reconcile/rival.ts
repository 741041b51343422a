import type { ApplyOutcome } from "./ports.ts";

type Conflict = Extract<ApplyOutcome, { kind: "conflict" | "drift-corrected" }>;

/** Manager of a change that was made under the operator's own name, but not by this operator. */
export const anotherOperator = "another RevenProx operator";

/** What it has changed: under the same name the API server does not tell whose each field is. */
export const fieldsOfRival: readonly string[] = ["fields"];

/** What is to be done about somebody who changes what the operator writes. */
export const insteadOfChanging = ({ manager, fields }: Pick<Conflict, "manager" | "fields">): string => {
  if (manager.split(", ").includes(anotherOperator))
    return "let only one of them look after this namespace: uninstall the other, or give it other watchNamespaces";
  // Whoever changes the number of pods is an autoscaler, most likely, whose manager's name says little.
  return fields.includes(".spec.replicas") ? "have autoscalers target the RevenProx" : "change the RevenProx instead";
};
