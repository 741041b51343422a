import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { describe, expect, test } from "vitest";
import type { PodLoad } from "../fleet/pod-load.ts";
import { resourceOf } from "../testing/resource.ts";
import { createScaler, type Scaler } from "./scaler.ts";
import { holding, silent } from "./testing/pods.ts";

type Autoscaling = RevenProxStatus["autoscaling"];

/** A resource with a Deployment of `live` replicas. */
const stage = (spec: unknown, { live, status }: { live?: number; status?: Autoscaling } = {}) => {
  let now = 0;
  let pods: readonly PodLoad[] = [];
  let replicas = live;
  let current = { ...resourceOf(spec), ...(status === undefined ? {} : { status: { autoscaling: status } }) };
  const written: number[] = [];
  const reasons: string[] = [];
  const create = () => createScaler({ now: () => now, onDecided: (reason) => reasons.push(reason) });
  let scaler: Scaler = create();
  const look = async () => {
    const scaled = await scaler.scale(current, {
      liveReplicas: () => replicas,
      loads: async () => pods,
      setScale: async (_, wanted) => void written.push(wanted),
    });
    if (scaled.kind === "known") replicas = scaled.replicas;
    return scaled;
  };
  return {
    written,
    reasons,
    look,
    /** Replicas decided after so many seconds, with a look each 15. */
    passing: async (seconds: number): Promise<number | undefined> => {
      for (let passed = 0; passed < seconds; passed += 15) {
        now += 15_000;
        await look();
      }
      const scaled = await look();
      return scaled.kind === "known" ? scaled.replicas : undefined;
    },
    hold: (...loads: readonly number[]) => (pods = holding(...loads)),
    pods: (loads: readonly PodLoad[]) => (pods = loads),
    spec: (next: unknown) => (current = { ...current, spec: resourceOf(next).spec }),
    live: (next: number) => (replicas = next),
    restart: () => (scaler = create()),
    loseLeadership: () => scaler.forgetAll(),
  };
};

const byStreams = {
  autoscaling: { minReplicas: 2, maxReplicas: 10, connections: { targetPerPod: 1_000 } },
};

describe("by streams", () => {
  test("the first size is spec.replicas within the bounds", async () => {
    expect(await stage({ replicas: 1, ...byStreams }).look()).toMatchObject({ replicas: 2, againSeconds: 15 });
    expect(await stage({ replicas: 50, ...byStreams }).look()).toMatchObject({ replicas: 10 });
    expect(await stage({ replicas: 5, ...byStreams }).look()).toMatchObject({ replicas: 5 });
  });

  test("a load that comes and goes is followed", async () => {
    const { hold, passing, reasons } = stage(byStreams, { live: 3 });
    hold(0, 0, 0);
    expect(await passing(315)).toBe(2);
    hold(3_000, 3_000);
    expect(await passing(15)).toBe(6);
    hold(1_000, 1_000, 1_000, 1_000, 1_000, 1_000);
    expect(await passing(900)).toBe(6);
    hold(0, 0, 0, 0, 0, 0);
    expect(await passing(300)).toBe(6);
    expect(await passing(15)).toBe(5);
    expect(await passing(180)).toBe(2);
    expect(new Set(reasons)).toEqual(
      new Set(["Stabilizing", "BelowTarget", "WithinTolerance", "AboveTarget", "StepLimited"]),
    );
  });

  test("why replicas changed last is told also after another look", async () => {
    const { look, hold } = stage(byStreams, { live: 2 });
    hold(3_000, 0);
    expect(await look()).toMatchObject({ replicas: 3, scaling: { byStreams: { reason: "AboveTarget" } } });
    hold(1_000, 1_000, 1_000);
    expect(await look()).toMatchObject({ replicas: 3, scaling: { byStreams: { reason: "AboveTarget" } } });
  });

  test("an operator that starts anew goes on with what runs, and takes nothing away before a whole window", async () => {
    const { hold, passing, restart } = stage(byStreams, { live: 8, status: { mode: "Connections", desired: 6 } });
    hold(...Array(8).fill(0));
    expect(await passing(285)).toBe(8);
    restart();
    expect(await passing(285)).toBe(8);
    expect(await passing(30)).toBe(7);
  });

  test("so does one that leads again", async () => {
    const { hold, passing, loseLeadership, live } = stage(byStreams, { live: 8 });
    hold(...Array(8).fill(1_000));
    expect(await passing(60)).toBe(8);
    loseLeadership();
    live(9);
    hold(...Array(9).fill(1_000));
    expect(await passing(0)).toBe(9);
  });

  test("a Deployment that somebody scales is not what was decided", async () => {
    const { hold, passing, live } = stage(byStreams, { live: 4 });
    hold(1_000, 1_000, 1_000, 1_000);
    await passing(15);
    live(9);
    expect(await passing(0)).toBe(4);
  });

  test("the target is 60 % of what a pod accepts, and never so much that pods are full before there are more", async () => {
    const perPod = async (connections: object) => {
      const { look, hold } = stage({ autoscaling: { maxReplicas: 4, connections } }, { live: 3 });
      hold(0, 0);
      const scaled = await look();
      return scaled.kind === "known" ? scaled.scaling?.byStreams?.target.perPod : undefined;
    };
    expect(await perPod({})).toBe(6_000);
    expect(await perPod({ targetPerPod: 50_000 })).toBe(9_090);
  });

  test("before a pod has told what it accepts, its configuration counts", async () => {
    const { look } = stage({ ...{ autoscaling: { maxReplicas: 4 } }, config: { http: { maxConnections: 500 } } });
    expect(await look()).toMatchObject({ scaling: { byStreams: { target: { perPod: 300 } } } });
  });

  test("how long a pod has kept silent is told", async () => {
    const { look, pods, passing } = stage(byStreams, { live: 2 });
    pods([...holding(0), ...silent(1)]);
    await passing(45);
    expect(await look()).toMatchObject({ scaling: { byStreams: { silentMs: 30_000 } } });
    pods(holding(0, 0));
    expect(await look()).toMatchObject({ scaling: { byStreams: { silentMs: 0 } } });
  });

  test("spec.replicas 0 switches it off; what it says after that is where it begins", async () => {
    const { look, spec, live } = stage(byStreams, { live: 5 });
    spec({ ...byStreams, replicas: 0 });
    expect(await look()).toMatchObject({ replicas: 0 });
    live(0);
    spec({ ...byStreams, replicas: 4 });
    expect(await look()).toMatchObject({ replicas: 4 });
  });

  test("a configuration that breaks the contract moves nothing", async () => {
    const { look, spec } = stage(byStreams, { live: 5 });
    spec(byStreams);
    const broken = { ...resourceOf(byStreams).spec, config: { http: { maxConnections: -1 } } };
    const scaler = createScaler({ now: () => 0, onDecided: () => undefined });
    const outside = { liveReplicas: () => 5, loads: async () => [], setScale: async () => undefined };
    expect(await scaler.scale({ ...resourceOf(byStreams), spec: broken }, outside)).toMatchObject({ replicas: 5 });
    await look();
  });
});

describe("by others", () => {
  const hpa = { autoscaling: { mode: "HPA", minReplicas: 2, maxReplicas: 10 } };

  test("without autoscaling spec.replicas counts", async () => {
    const { look, written } = stage({ replicas: 5 }, { live: 9 });
    expect(await look()).toEqual({ kind: "known", replicas: 5, scaling: undefined, againSeconds: undefined });
    expect(written).toEqual([]);
  });

  test.each([
    ["by hand", undefined],
    ["by streams", { mode: "Connections", desired: 8 } as const],
    ["by KEDA", { mode: "KEDA", desired: 8 } as const],
  ])("an HPA finds in spec.replicas what was scaled before %s", async (_, status) => {
    const { look, written, spec } = stage(
      { ...hpa, replicas: 3 },
      { live: 8, ...(status === undefined ? {} : { status }) },
    );
    expect(await look()).toEqual({ kind: "handed-over" });
    expect(written).toEqual([8]);
    spec({ ...hpa, replicas: 8 });
    expect(await look()).toMatchObject({ replicas: 8, scaling: { mode: "HPA", desired: 8 } });
    expect(written).toEqual([8]);
  });

  test("what runs outside the bounds is brought inside", async () => {
    const { look, written } = stage({ ...hpa, replicas: 3 }, { live: 30 });
    await look();
    expect(written).toEqual([10]);
  });

  test.each([
    ["once it has begun", { live: 8, status: { mode: "HPA", desired: 8 } as const }, 5],
    ["with nothing running yet", {}, 5],
    ["that is switched off", { live: 8 }, 0],
  ])("an HPA %s is obeyed", async (_, before, replicas) => {
    const { look, written } = stage({ ...hpa, replicas }, before);
    expect(await look()).toMatchObject({ kind: "known", replicas });
    expect(written).toEqual([]);
  });
});
