import { ports } from "@revenprox/contract/ports";
import { describe, expect, test } from "vitest";
import type { DesiredInput, KubernetesObject } from "../reconcile/ports.ts";
import { externalWithCredentials } from "../testing/alternatives.ts";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";
import { instanceOf } from "./instance.ts";
import { metadata } from "./metadata.ts";

const namesOf = (input: DesiredInput, kind: string): string[] =>
  desired(input)
    .filter((object) => object.kind === kind)
    .map((object) => object.metadata.name);

interface PodTemplate {
  readonly metadata: { readonly annotations?: Record<string, string> };
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly {
      readonly image: string;
      readonly resources: unknown;
      readonly lifecycle?: unknown;
    }[];
  };
}

const specIn = (objects: readonly KubernetesObject[], kind: string): Record<string, unknown> =>
  (objects.find((object) => object.kind === kind)?.["spec"] ?? {}) as Record<string, unknown>;

const templateIn = (spec: unknown, kind: string): PodTemplate =>
  specIn(desired(inputOf(spec)), kind)["template"] as PodTemplate;

test("exactly one Service has a port named http", () => {
  const withHttp = desired(inputOf({})).filter((object) => {
    const { ports: list = [] } = (object["spec"] ?? {}) as { ports?: readonly { name: string }[] };
    return object.kind === "Service" && list.some(({ name }) => name === ports.http.name);
  });
  expect(withHttp.map((object) => object.metadata.name)).toEqual(["web"]);
});

test("an external NATS brings no NATS of ours", () => {
  const kinds = desired(inputOf(externalWithCredentials)).map((object) => object.kind);
  expect(kinds).not.toContain("StatefulSet");
  expect(namesOf(inputOf(externalWithCredentials), "Service")).toEqual(["web"]);
});

describe("monitoring objects", () => {
  const all = ["ServiceMonitor", "PrometheusRule"];
  const kindsOf = (input: DesiredInput): string[] =>
    desired(input)
      .map((object) => object.kind)
      .filter((kind) => all.includes(kind));
  test.each([
    ["both CRDs", {}, all, all],
    ["rules missing", {}, ["ServiceMonitor"], ["ServiceMonitor"]],
    ["no CRD", {}, [], []],
    ["switched off", { monitoring: { enabled: false } }, all, []],
    ["no metrics", { config: { metricsEnabled: false } }, all, []],
  ])("%s", (_, spec, served, kinds) => {
    const monitoring = {
      serviceMonitor: served.includes("ServiceMonitor"),
      prometheusRule: served.includes("PrometheusRule"),
    };
    expect(kindsOf(inputOf(spec, { monitoring }))).toEqual(kinds);
  });
});

test.each([
  ["all", { port: "http" }],
  ["private", { targetPort: "management" }],
])("metrics for %s are scraped where they are served", (metricsAccess, port) => {
  const { endpoints } = specIn(desired(inputOf({ config: { metricsAccess } })), "ServiceMonitor");
  expect(endpoints).toEqual([{ ...port, path: "/metrics", interval: "15s", scrapeTimeout: "10s" }]);
});

test("metrics of proxies with TLS are scraped where no certificate is in the way", () => {
  const { endpoints } = specIn(desired(inputOf({ tls: { secret: "web-tls" } })), "ServiceMonitor");
  expect(endpoints).toMatchObject([{ targetPort: "management" }]);
});

test("our labels win over the user's monitoring labels", () => {
  const monitor = desired(inputOf(everythingSet)).find((object) => object.kind === "ServiceMonitor");
  expect(monitor?.metadata.labels).toEqual({
    release: "kube-prometheus-stack",
    ...metadata(instanceOf(inputOf(everythingSet)), "web", "proxy").labels,
  });
});

describe("pods roll", () => {
  const template = (spec: unknown): string => JSON.stringify(templateIn(spec, "Deployment"));
  const natsTemplate = (spec: unknown): string => JSON.stringify(templateIn(spec, "StatefulSet"));

  test("when a cold key changes, not when a live one does", () => {
    expect(template({ config: { logFormat: "text" } })).not.toBe(template({}));
    expect(template({ config: { logLevel: "debug" } })).toBe(template({}));
  });

  test("not when only the number of pods changes", () => expect(template({ replicas: 9 })).toBe(template({})));

  test("NATS, when its configuration changes, not when the proxies' does", () => {
    const events = (maxEventSize: number) => ({ config: { http: { maxEventSize } } });
    expect(natsTemplate(events(8_388_608))).not.toBe(natsTemplate({}));
    expect(natsTemplate(events(300_000))).toBe(natsTemplate({}));
    expect(natsTemplate({ config: { logFormat: "text" }, replicas: 7 })).toBe(natsTemplate({}));
  });

  test("NATS, when its passwords change: the proxies read theirs anew themselves", () => {
    const input = inputOf({});
    const natsUsers = { exists: true, revision: "2" };
    const rotated = { ...input, facts: { ...input.facts, secrets: { ...input.facts.secrets, natsUsers } } };
    expect(specIn(desired(rotated), "StatefulSet")).not.toEqual(specIn(desired(input), "StatefulSet"));
    expect(specIn(desired(rotated), "Deployment")).toEqual(specIn(desired(input), "Deployment"));
  });

  test("NATS, when its certificate is renewed: the proxies read the CA anew themselves", () => {
    const input = inputOf({ nats: { managed: { tls: { enabled: true } } } });
    const server = { exists: true, revision: "2" };
    const natsTls = { authority: server, server };
    const renewed = { ...input, facts: { ...input.facts, secrets: { ...input.facts.secrets, natsTls } } };
    expect(specIn(desired(renewed), "StatefulSet")).not.toEqual(specIn(desired(input), "StatefulSet"));
    expect(specIn(desired(renewed), "Deployment")).toEqual(specIn(desired(input), "Deployment"));
  });
});

describe("TLS of managed NATS", () => {
  const withTls = (replicas: 1 | 3) => ({ nats: { managed: { replicas, tls: { enabled: true } } } });
  const textOf = (spec: unknown): string => JSON.stringify(desired(inputOf(spec)));

  test("is asked for by the proxies, who mount who may vouch for the servers and no key", () => {
    expect(textOf(withTls(1))).toContain("tls://web-nats.apps.svc:4222");
    expect(JSON.stringify(templateIn(withTls(1), "Deployment"))).not.toContain("tls.key");
  });
  test("is on routes where there are any", () => {
    const certificates = (replicas: 1 | 3) => textOf(withTls(replicas)).match(/key_file: /g)?.length;
    expect([certificates(1), certificates(3)]).toEqual([1, 2]);
    expect(textOf(withTls(3))).toContain("ca_file: ");
  });
  test("leaves the key of the CA to the operator", () => expect(textOf(withTls(3))).not.toContain("web-nats-ca"));
  test("changes no byte where it is off", () => {
    expect(textOf({ nats: { managed: { tls: { enabled: false } } } })).toBe(textOf({ nats: { managed: {} } }));
  });
});

test("the pod's grace period is the proxy's and the wait before it", () => {
  expect(templateIn({}, "Deployment").spec.terminationGracePeriodSeconds).toBe(32);
  expect(templateIn(everythingSet, "Deployment").spec.terminationGracePeriodSeconds).toBe(122);
});

test("resources of the user's replace ours whole", () => {
  expect(templateIn({}, "Deployment").spec.containers[0]?.resources).toEqual({
    requests: { cpu: "100m", memory: "256Mi" },
  });
  expect(templateIn({ resources: {} }, "Deployment").spec.containers[0]?.resources).toEqual({});
});

test("NATS with peers hands over before it ends", () => {
  expect(templateIn({}, "StatefulSet").spec.containers[0]?.lifecycle).toBeUndefined();
  expect(templateIn(everythingSet, "StatefulSet").spec.containers[0]?.lifecycle).toBeDefined();
});

test.each(["0", "1m", "1", "100Ki"])("a volume of %s, in which no journal fits, is refused by its field", (size) => {
  const input = inputOf({ nats: { managed: { storage: { size } } } });
  expect(() => desired(input)).toThrow(`spec.nats.managed.storage.size: ${size} holds no journal`);
});

test("without a StorageClass the journal is an emptyDir, and stays so", () => {
  const input = inputOf({}, { defaultStorageClass: undefined });
  const first = desired(input);
  expect(specIn(first, "StatefulSet")["volumeClaimTemplates"]).toBeUndefined();
  const later = desired({ ...inputOf({}), current: first });
  expect(later).toEqual(first);
});

describe("pods roll with the user name of an external NATS", () => {
  const credentials = (revision?: string): DesiredInput => {
    const { revenprox, settings, facts, current } = inputOf(externalWithCredentials);
    const natsCredentials = revision === undefined ? { exists: false } : { exists: true, revision };
    return { revenprox, settings, current, facts: { ...facts, secrets: { ...facts.secrets, natsCredentials } } };
  };
  const annotationsOf = (input: DesiredInput) =>
    (specIn(desired(input), "Deployment")["template"] as PodTemplate).metadata.annotations;

  test("another user name", () => {
    expect(annotationsOf(credentials("1"))).not.toEqual(annotationsOf(credentials("2")));
  });
  test("the Secret is away for a while: nothing rolls", () => {
    const before = desired(credentials("1"));
    expect(annotationsOf({ ...credentials(), current: before })).toEqual(annotationsOf(credentials("1")));
  });
  test("no Secret yet", () => expect(annotationsOf(credentials())).toBeUndefined());
});
