import type { ConditionType } from "@revenprox/contract/condition-types";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { type KStatus, kstatus } from "@revenprox/contract/testing/kstatus";
import { expect, test } from "vitest";
import type { ApplyOutcome, MissingSecret, StatusInput } from "../reconcile/ports.ts";
import { status } from "../status/index.ts";
import { startArgoHealth } from "./argo-health.ts";
import { secondsLater, settledInput, unreadyPod, withWorkload } from "./live.ts";

/** Status and reason of a condition: `True Ready`. */
export const said = (result: RevenProxStatus, type: ConditionType): string => {
  const found = result.conditions?.find((condition) => condition.type === type);
  return `${found?.status} ${found?.reason}`;
};
export const message = (result: RevenProxStatus, type: ConditionType): string =>
  result.conditions?.find((condition) => condition.type === type)?.message ?? "";

/** The input of the next pass: the resource has the former status. */
export const next = (input: StatusInput, former: RevenProxStatus, now: Date): StatusInput => ({
  ...input,
  revenprox: { ...input.revenprox, status: former },
  now,
});

export const none = { readyReplicas: 0, availableReplicas: 0 };
export const external = {
  replicas: 2,
  nats: { external: { servers: ["nats://a.example:4222", "tls://b.example:4222"] } },
};
export const without = (...missing: readonly MissingSecret[]) => {
  const { facts } = settledInput({});
  return { secrets: { ...facts.secrets, missing } };
};
/** What the healer says of that many proxies that have lost NATS. */
export const cutOff = (count: number): Pick<StatusInput, "healing"> => {
  const ailing = Array.from({ length: count }, (_, each) => ({
    pod: `web-${each}`,
    uid: `${each}`,
    cause: "NatsLost" as const,
    since: 0,
    seenAt: 0,
  }));
  return { healing: { decision: { kind: "none" }, ailing, counted: [], maxPerHour: 3, againSeconds: 10 } };
};
export const startedAgo = (seconds: number) => ({
  state: { running: { startedAt: secondsLater(-seconds).toISOString() } },
});
export const waiting = (reason: string, text = "") => ({ state: { waiting: { reason, message: text } } });
export const crashed = { exitCode: 3, reason: "Error" };
export const refOf = (kind: string, name = "web") => ({ apiVersion: "v1", kind, name });
export const withOutcome = (input: StatusInput, outcome: ApplyOutcome): StatusInput => ({ ...input, apply: [outcome] });
export const proxyPod = (container: Record<string, unknown>, podStatus = {}): StatusInput =>
  withWorkload(settledInput({}), "Deployment", none, [unreadyPod("revenprox", container, podStatus)]);
export const natsPod = (container: Record<string, unknown>): StatusInput =>
  withWorkload(settledInput({}), "StatefulSet", none, [unreadyPod("revenprox-nats", container)]);

export interface Case {
  readonly name: string;
  readonly input: StatusInput;
  /** Conditions and what they are to say. */
  readonly says: Partial<Record<ConditionType, string>>;
  /** What the message of the first of them is to name. */
  readonly naming?: readonly string[];
}

/** What Argo CD is to say where kstatus says this. */
const inArgoCD: Readonly<Record<KStatus, string>> = {
  Current: "Healthy",
  InProgress: "Progressing",
  Failed: "Degraded",
  Terminating: "Progressing",
};

/** One test a case, and one that Argo CD makes of them all what kstatus does. */
export const testCases = (cases: readonly Case[]): void => {
  test("Argo CD's health of each is what kstatus says", async () => {
    const health = await startArgoHealth();
    const told = cases.map(({ name, input }) => {
      const { kind, metadata } = input.revenprox;
      const object = { kind, metadata, status: status(input) };
      return { name, argo: health(object).status, wanted: inArgoCD[kstatus(object)] };
    });
    expect(told.filter(({ argo, wanted }) => argo !== wanted)).toEqual([]);
  });

  test.each(cases)("$name", ({ input, says, naming = [] }) => {
    const result = status(input);
    const types = Object.keys(says) as ConditionType[];
    expect(Object.fromEntries(types.map((type) => [type, said(result, type)]))).toEqual(says);
    for (const part of naming) expect(message(result, types[0] ?? "Ready")).toContain(part);
  });
};
