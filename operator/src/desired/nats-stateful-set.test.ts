import { expect, test } from "vitest";
import type { KubernetesObject, SecretFact } from "../reconcile/ports.ts";
import { inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

const servers = (natsUsers: SecretFact, current: readonly KubernetesObject[] = []): KubernetesObject => {
  const input = inputOf({});
  const facts = { ...input.facts, secrets: { ...input.facts.secrets, natsUsers } };
  const found = desired({ ...input, facts, current }).find(({ kind }) => kind === "StatefulSet");
  if (found === undefined) throw new Error("there is no StatefulSet");
  return found;
};
const templateOf = (object: KubernetesObject) => (object["spec"] as { readonly template: unknown }).template;

test("passwords that somebody has emptied restart no server, which could not start with them", () => {
  const before = servers({ exists: true, revision: "1" });
  expect(servers({ exists: true, lacks: ["admin"] }, [before])).toEqual(before);
  expect(templateOf(servers({ exists: true, revision: "2" }, [before]))).not.toEqual(templateOf(before));
});
