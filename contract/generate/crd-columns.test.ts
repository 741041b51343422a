import { expect, test } from "vitest";
import { customResourceDefinition } from "./crd.ts";

interface Column {
  readonly name: string;
  readonly priority?: number;
}

const columns = (): readonly Column[] => {
  const { spec } = customResourceDefinition() as {
    readonly spec: { readonly versions: readonly { readonly additionalPrinterColumns: readonly Column[] }[] };
  };
  return spec.versions[0]?.additionalPrinterColumns ?? [];
};

test("kubectl get shows what matters, and with --output wide why it is not ready", () => {
  const shown = (wide: boolean) => columns().flatMap(({ name, priority = 0 }) => (priority > 0 === wide ? [name] : []));
  expect(shown(false)).toEqual(["Ready", "Replicas", "Connections", "NATS", "Age"]);
  expect(shown(true)).toEqual(["Reason", "Message"]);
});
