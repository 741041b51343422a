import { setTimeout as delay } from "node:timers/promises";
import { instanceAlertNames } from "@revenprox/contract/alerts/catalogue";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf } from "../environment/instance.ts";
import type { Platform } from "../environment/platform.ts";
import { operatorNamespace, quickstart } from "../environment/release.ts";
import { attachedPlatform } from "../stories/attached-platform.ts";
import { type EverydayLoad, startEverydayLoad } from "./load/everyday.ts";
import { drawPanels } from "./picture/panels.ts";
import { dashboardQueries, type PanelQuery } from "./stage/panels.ts";
import { reachPrometheus } from "./stage/prometheus.ts";
import type { PrometheusApi, Sample } from "./stage/prometheus-api.ts";
import { everyday } from "./stage/selections.ts";
import { installVerifier, verifierUrl } from "./stage/verifier.ts";

const streams = 300;
/** Set by `npm run pictures`: the panels of this run go into docs/pictures. */
const picturesWanted = process.env["REVENPROX_PICTURES"] === "1";

/** A default install under load: what Prometheus takes up, what the dashboards show, and that no alert comes. */
export const everydayStory = (): void => {
  let platform: Platform;
  let rvp: Instance;
  let prometheus: PrometheusApi;
  let load: EverydayLoad;

  const origins = async (): Promise<readonly string[]> => {
    const pods = await rvp.readyPods(2);
    return Promise.all(pods.map(async ({ name }) => (await rvp.reach(name)).origin));
  };

  beforeAll(async () => {
    platform = await attachedPlatform();
    rvp = instanceOf(platform, "watched", "quickstart");
    await platform.kubectl(["create", "namespace", rvp.namespace]);
    await installVerifier(platform, rvp.namespace);
    const spec = {
      monitoring: { labels: everyday.labels, intervalSec: 5 },
      config: { jwtVerifier: { webhookUrl: verifierUrl(rvp.namespace), requireAuthentication: false } },
    };
    const merge = ["--type=merge", "--patch", JSON.stringify({ spec }), "--output", "json"];
    // Before it is applied: a change right after would be a rollout, and its pods that end are no longer scraped.
    const resource = await rvp.kubectl(["patch", "--local", "--filename", quickstart, ...merge]);
    await rvp.kubectl(["apply", "--filename", "-"], resource);
    await rvp.kubectl(["rollout", "status", "deployment/verifier", "--timeout=120s"]);
    await rvp.waitFor("Ready", "True");
    await rvp.waitFor("MonitoringReady", "True");
    prometheus = await reachPrometheus(platform, everyday);
  });

  afterAll(() => platform.kubectl(["delete", "namespace", rvp.namespace, "--wait=false"]));

  test("prometheus-operator takes up both ServiceMonitors: every proxy and both operator pods are scraped, and nothing else", async () => {
    await eventually(
      "four targets that are up",
      async () => {
        const targets = await prometheus.targets();
        return (targets.length === 4 && targets.every(({ health }) => health === "up")) || undefined;
      },
      120_000,
    );
    const services = (await prometheus.targets()).map(({ labels }) => `${labels["namespace"]}/${labels["service"]}`);
    const proxy = `${rvp.namespace}/${rvp.name}`;
    const operator = `${operatorNamespace}/revenprox-operator-metrics`;
    expect(services.sort()).toEqual([operator, operator, proxy, proxy]);
  });

  test("Prometheus loads every rule of both PrometheusRules and evaluates each without an error", async () => {
    load = await startEverydayLoad({ origins: await origins(), publishKey: await rvp.publishKey(), streams });
    const rules = await eventually(
      "every rule to have been evaluated",
      async () => {
        const loaded = await prometheus.rules();
        return loaded.some(({ name }) => name === "RevenProxOperatorDown") &&
          loaded.some(({ name }) => name === "RevenProxDown") &&
          loaded.every(({ health }) => health !== "unknown")
          ? loaded
          : undefined;
      },
      150_000,
    );
    expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
    const names = new Set(rules.map(({ name }) => name));
    expect(instanceAlertNames.filter((name) => !names.has(name))).toEqual([]);
  });

  const hasNumber = (samples: readonly Sample[]): boolean => samples.some(({ value }) => Number.isFinite(value));

  const withoutData = async (queries: readonly PanelQuery[]): Promise<readonly string[]> => {
    const answers = await Promise.all(
      queries.map(async (query) => ({ query, samples: await prometheus.query(query.expr) })),
    );
    return answers
      .filter(({ samples }) => !hasNumber(samples))
      .map(({ query: { dashboard, panel, legend, expr } }) => `${dashboard} / ${panel} / ${legend}: ${expr}`);
  };

  /** Waits until all of `queries` have a number; the failure names those that have none. */
  const allHaveData = async (queries: readonly PanelQuery[]): Promise<void> => {
    let missing: readonly string[] = [];
    try {
      await eventually(
        "data",
        async () => {
          missing = await withoutData(queries);
          return missing.length === 0 || undefined;
        },
        150_000,
      );
    } catch {
      // The list says more than that the time is over.
      expect(missing).toEqual([]);
    }
  };

  test("every query of every panel, and every variable, has data under load", async () => {
    const queries = await dashboardQueries(platform);
    expect(new Set(queries.map(({ dashboard }) => dashboard.replace(/:.*/, "")))).toEqual(
      new Set(["Overview", "Connection Overview", "Message Throughput", "SLO", "Operator"]),
    );
    await allHaveData(queries);
  });

  test("every recording rule records, for every one of its indicators", async () => {
    const identity = `namespace="${rvp.namespace}",service="${rvp.name}"`;
    const recording = (await prometheus.rules()).filter(({ type }) => type === "recording");
    expect(recording.length).toBeGreaterThan(15);
    const queries = recording.map(({ name, labels = {} }) => {
      const matchers = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      const selected = [...new Set([identity, ...matchers.filter((each) => !identity.includes(each))])].join(",");
      const place = { dashboard: "recording rules", id: "", panel: name, kind: "rule", legend: "", unit: "" };
      return { ...place, expr: `${name}{${selected}}` };
    });
    await allHaveData(queries);
    const indicators = await prometheus.query(
      `count by (sli, source) ({__name__=~"revenprox:sli_error:.*",${identity}})`,
    );
    expect(indicators.map(({ metric }) => `${metric["sli"]} ${metric["source"]}`).sort()).toEqual([
      "availability requests",
      "availability scrape",
      "errors requests",
      "latency messages",
    ]);
  });

  /** They say how fast this machine is, which may have other things to do. */
  const aboutSpeed = ["RevenProxEventLoopLag", "RevenProxLatencyBudgetBurn", "RevenProxOperatorReconcileSlow"];

  test("a default install is silent: no alert fires at any time, and none is on its way", async () => {
    if (picturesWanted) {
      // Lines over less would say little.
      await delay(150_000);
      await drawPanels(prometheus, await dashboardQueries(platform));
    }
    await load.stop();
    const fired = await prometheus.query('group by (alertname) (count_over_time(ALERTS{alertstate="firing"}[30m]))');
    expect(fired.map(({ metric }) => metric["alertname"])).toEqual([]);
    const pending = (await prometheus.alerts()).map(({ labels }) => labels["alertname"] ?? "");
    expect(pending.filter((name) => !aboutSpeed.includes(name))).toEqual([]);
  });

  test("a rolling update minutes after the install fires nothing, and no error budget burns even for a moment", async () => {
    const before = await rvp.readyPods(2);
    const patch = JSON.stringify({ spec: { pod: { annotations: { story: "rolled" } } } });
    await rvp.kubectl(["patch", "revenprox", rvp.name, "--type=merge", "--patch", patch]);
    await eventually(
      "two other pods",
      async () => {
        const now = await rvp.readyPods(2, 240_000);
        return now.every(({ uid }) => before.every((old) => old.uid !== uid)) || undefined;
      },
      240_000,
    );
    // Longer than a failed scrape waits for its judgement, and than the recording rules take to tell.
    await delay(100_000);
    const fired = await prometheus.query('group by (alertname) (count_over_time(ALERTS{alertstate="firing"}[30m]))');
    expect(fired.map(({ metric }) => metric["alertname"])).toEqual([]);
    const burnt = await prometheus.query(
      'group by (alertname) (count_over_time(ALERTS{alertname=~".*BudgetBurn"}[30m]))',
    );
    const names = burnt.map(({ metric }) => metric["alertname"] ?? "");
    expect(names.filter((name) => !aboutSpeed.includes(name))).toEqual([]);
  });
};
