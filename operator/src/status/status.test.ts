import { type ConditionType, conditionTypes } from "@revenprox/contract/condition-types";
import { type RevenProxStatus, revenproxStatus } from "@revenprox/contract/resource/status";
import { describe, expect, test } from "vitest";
import { secondsLater, settledInput, testTime, withWorkload } from "../testing/live.ts";
import { next, none, said } from "../testing/status-case.contract.ts";
import { status } from "./index.ts";

test("everything done", () => {
  const result = status(settledInput({}));
  expect(result.conditions?.map(({ type }) => type)).toEqual(conditionTypes);
  expect(conditionTypes.map((type) => said(result, type))).toEqual([
    "True Ready",
    "False UpToDate",
    "False NotStalled",
    "True ProxiesReady",
    "True Ready",
    "True PersistentVolume",
    "False AsSpecified",
    "True Created",
    "True NotAsked",
    "True NotAsked",
    "False NotNeeded",
    "False PublishKeyOnly",
    "False UpToDate",
    "False UpToDate",
  ]);
  expect(result).toMatchObject({
    observedGeneration: 3,
    replicas: 3,
    readyReplicas: 3,
    selector: "app=revenprox,app.kubernetes.io/instance=web",
    image: "localhost/revenprox-proxy:test",
    natsStatus: "Ready",
  });
  expect(new Set(result.children?.map(({ health }) => health))).toEqual(new Set(["Current"]));
});

test("what the API server says at length is cut to what the schema of the status takes", () => {
  const input = settledInput({});
  const ref = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  const refused = { kind: "refused", ref, status: 422, reason: "Invalid", message: "no ".repeat(5_000) } as const;
  const result = status({ ...input, apply: [refused] });
  expect(said(result, "Stalled")).toBe("True PodTemplateInvalid");
  expect(revenproxStatus.safeParse(result).error?.issues).toBeUndefined();
});

describe("times", () => {
  const time = (result: RevenProxStatus, type: ConditionType) =>
    result.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;

  test("the same situation later gives the same bytes", () => {
    const input = settledInput({});
    const first = status(input);
    expect(status(next(input, first, secondsLater(900)))).toEqual(first);
  });

  test("a condition that changes gets the present time, the others keep theirs", () => {
    const first = status(settledInput({}));
    const later = status(next(withWorkload(settledInput({}), "Deployment", none), first, secondsLater(60.5)));
    expect(time(later, "Ready")).toBe("2026-11-23T12:01:00Z");
    expect(time(later, "JournalDurable")).toBe(testTime);
  });
});
