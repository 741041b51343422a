import { expect, test } from "vitest";
import type { JournalVolumes, StatusInput } from "../reconcile/ports.ts";
import { settledInput } from "../testing/live.ts";
import { specOf } from "../testing/resource.ts";
import { status } from "./index.ts";

/** All that there is was made for 2Gi, and then the spec asks for 5Gi. */
const grows = (facts: Parameters<typeof settledInput>[1], journalVolumes?: JournalVolumes): StatusInput => {
  const input = settledInput({}, facts);
  const spec = specOf({ nats: { managed: { storage: { size: "5Gi" } } } });
  const more = journalVolumes === undefined ? {} : { journalVolumes };
  return {
    ...input,
    revenprox: { ...input.revenprox, spec },
    facts: { ...input.facts, ...more },
  };
};

const said = (input: StatusInput, type: string) => {
  const found = status(input).conditions?.find((each) => each.type === type);
  return `${found?.status} ${found?.reason}: ${found?.message}`;
};

test("volumes that grow: what is waited for, and not Ready meanwhile", () => {
  const input = grows({}, { grown: false, waitingFor: "the volumes are being enlarged" });
  expect(said(input, "StorageGrowthBlocked")).toBe(
    "False Growing: The volumes grow from 2Gi to 5Gi: the volumes are being enlarged.",
  );
  expect(said(input, "Ready")).toContain("False Progressing: The volumes of the NATS servers grow");
  expect(said(input, "Reconciling")).toContain("True");
  expect(said(input, "JournalDurable")).toContain("has a volume of 2Gi");
});

test("volumes that cannot grow: why, and all the rest as it is", () => {
  const input = grows({}, { grown: false, blocked: "StorageClass x has no allowVolumeExpansion" });
  expect(said(input, "StorageGrowthBlocked")).toBe(
    "True NotExpandable: The volumes cannot grow from 2Gi to 5Gi: StorageClass x has no allowVolumeExpansion. NATS goes on with what there is.",
  );
  expect(said(input, "Ready")).toContain("True Ready");
  expect(said(input, "Stalled")).toContain("False");
});

test("an emptyDir does not grow, and that it would cost the journal is said", () => {
  const input = grows({ defaultStorageClass: undefined });
  expect(said(input, "StorageGrowthBlocked")).toContain(
    "True EmptyDir: The journal's emptyDir does not grow from 2Gi to 5Gi",
  );
  expect(said(input, "Ready")).toContain("True Ready");
});
