import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { describe, expect, test } from "vitest";
import type { ApplyOutcome } from "./ports.ts";
import { eventsOfConditions, eventsOfOutcomes, type ResourceEvent } from "./transitions.ts";

const status = (...conditions: readonly [type: string, status: "True" | "False" | "Unknown"][]): RevenProxStatus => ({
  conditions: conditions.map(([type, value]) => ({
    type,
    status: value,
    reason: `${type}Reason`,
    message: "because",
    lastTransitionTime: "2026-11-23T00:00:00Z",
  })),
});
const ref = { apiVersion: "v1", kind: "Service", name: "s" };
const told = (events: readonly ResourceEvent[]) => events.map(({ type, reason }) => `${type} ${reason}`);

describe("conditions", () => {
  test.each([
    ["a new resource that waits for nobody's edit is no news", undefined, status(["Stalled", "False"]), []],
    ["it became ready", status(["Ready", "False"]), status(["Ready", "True"]), ["Normal ReadyReason"]],
    ["it is ready still", status(["Ready", "True"]), status(["Ready", "True"]), []],
    ["it is no longer ready", status(["Ready", "True"]), status(["Ready", "False"]), ["Warning ReadyReason"]],
    ["it is stuck", status(["Stalled", "False"]), status(["Stalled", "True"]), ["Warning StalledReason"]],
    ["it is stuck from the first pass on", undefined, status(["Stalled", "True"]), ["Warning StalledReason"]],
    ["it moves again", status(["Stalled", "True"]), status(["Stalled", "False"]), ["Normal StalledReason"]],
    ["work begins and ends", status(["Reconciling", "True"]), status(["Reconciling", "False"]), []],
  ])("%s", (_, before, after, events) => {
    expect(told(eventsOfConditions(before, after))).toEqual(events);
  });
});

const readiness = (reason: string, stalled = false): RevenProxStatus => {
  const { conditions = [] } = status(
    ["Ready", reason === "Ready" ? "True" : "False"],
    ["Stalled", stalled ? "True" : "False"],
  );
  return { conditions: conditions.map((each) => ({ ...each, reason: each.type === "Ready" ? reason : each.reason })) };
};

test.each<[string, string, string, readonly string[]]>([
  ["NATS is there, but an image is not", "NatsServersNotReady", "ImagePullFailed", ["Warning ImagePullFailed"]],
  ["not yet begun, and a Secret is missing", "Pending", "SecretMissing", ["Warning SecretMissing"]],
  ["a new resource is on its way", "Pending", "Progressing", []],
  ["the same trouble", "ImagePullFailed", "ImagePullFailed", []],
  ["another trouble", "ImagePullFailed", "PodCrashing", ["Warning PodCrashing"]],
  ["trouble out of the blue", "Ready", "Unschedulable", ["Warning Unschedulable"]],
  ["a roll-out that somebody asked for", "Ready", "Progressing", ["Normal Progressing"]],
  ["it goes on", "ImagePullFailed", "Progressing", []],
  ["NATS begins anew", "Progressing", "NatsServersNotReady", []],
])("not ready: %s", (_, before, after, events) => {
  expect(told(eventsOfConditions(readiness(before), readiness(after)))).toEqual(events);
});

test("what Stalled tells Ready does not tell again", () => {
  const events = eventsOfConditions(readiness("Progressing"), readiness("InvalidSpec", true));
  expect(told(events)).toEqual(["Warning StalledReason"]);
});

const authentication = (reason?: string): RevenProxStatus => ({
  conditions:
    reason === undefined
      ? []
      : [
          {
            type: "AuthenticationConfigured",
            status: reason === "VerifierConfigured" ? "True" : "False",
            reason,
            message: "because",
            lastTransitionTime: "2026-11-23T00:00:00Z",
          },
        ],
});

test.each<[string, string | undefined, string, readonly string[]]>([
  ["no verifier, as from the start", undefined, "PublishKeyOnly", []],
  ["a key that cannot be used, from the start", undefined, "SecretMissing", ["Warning SecretMissing"]],
  ["a key that was emptied", "PublishKeyOnly", "PublishKeyUnusable", ["Warning PublishKeyUnusable"]],
  ["still", "PublishKeyUnusable", "PublishKeyUnusable", []],
  ["it is mended", "PublishKeyUnusable", "PublishKeyOnly", ["Normal PublishKeyOnly"]],
  ["emptied beside a verifier", "VerifierConfigured", "PublishKeyUnusable", ["Warning PublishKeyUnusable"]],
  ["mended there", "PublishKeyUnusable", "VerifierConfigured", ["Normal VerifierConfigured"]],
  ["the verifier is taken out", "VerifierConfigured", "PublishKeyOnly", ["Warning PublishKeyOnly"]],
])("publish keys: %s", (_, before, after, events) => {
  expect(told(eventsOfConditions(authentication(before), authentication(after)))).toEqual(events);
});

test("what the spec does not ask for is no news", () => {
  const condition = { type: "RouteReady", reason: "NotAsked", message: "no route", lastTransitionTime: "" };
  expect(eventsOfConditions(undefined, { conditions: [{ ...condition, status: "True" }] })).toEqual([]);
});

describe("outcomes", () => {
  test.each<[ApplyOutcome, string[]]>([
    [{ kind: "unchanged", ref }, []],
    [{ kind: "changed", ref }, []],
    [{ kind: "failed", ref, message: "no answer" }, []],
    [{ kind: "created", ref }, ["Normal Created"]],
    [{ kind: "renewed", ref, news: "The certificate is renewed." }, ["Normal CertificateRenewed"]],
    [{ kind: "drift-corrected", ref, manager: "kubectl-edit", fields: [".spec.type"] }, ["Warning DriftCorrected"]],
    [{ kind: "conflict", ref, manager: "kubectl-edit", fields: [".spec.type"] }, ["Warning Conflict"]],
    [{ kind: "name-conflict", ref, owner: "nobody" }, ["Warning NameConflict"]],
    [{ kind: "refused", ref: { ...ref, kind: "RevenProx" }, status: 422, reason: "Error", message: "too small" }, []],
    [{ kind: "refused", ref, status: 422, reason: "Invalid", message: "no" }, ["Warning ApplyRefused"]],
  ])("$kind", (outcome, events) => {
    expect(told(eventsOfOutcomes([outcome]))).toEqual(events);
  });

  test("what a pass created is told in one event", () => {
    const other = { ...ref, kind: "Deployment", name: "d" };
    const events = eventsOfOutcomes([
      { kind: "created", ref },
      { kind: "created", ref: other },
    ]);
    expect(events.map(({ message }) => message)).toEqual(["Created Service s, Deployment d"]);
  });

  test("the message names who, what and how to mend", () => {
    const [event] = eventsOfOutcomes([
      { kind: "drift-corrected", ref, manager: "kubectl-edit", fields: [".spec.type"] },
    ]);
    expect(event?.message).toBe("kubectl-edit changed .spec.type of Service s: put back; change the RevenProx instead");
  });
});
