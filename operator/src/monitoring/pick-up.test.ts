import { expect, test } from "vitest";
import { describeSelection, type LabelSelector, type Prometheus, passedOverBy } from "./pick-up.ts";

const everything: LabelSelector = {};
const prometheus = (
  objects: LabelSelector | undefined,
  namespaces: LabelSelector | undefined = everything,
): Prometheus => ({
  namespace: "monitoring",
  name: "k8s",
  selections: { ServiceMonitor: { objects, namespaces }, PrometheusRule: { objects, namespaces } },
});
const object = { namespace: "apps", labels: { release: "kps", app: "revenprox" } };
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
});

test.each<[string, readonly Prometheus[], boolean]>([
  ["none is known", [], false],
  ["everything is selected", [prometheus(everything)], false],
  ["its label is asked for", [prometheus({ matchLabels: { release: "kps" } })], false],
  ["another label is asked for", [prometheus({ matchLabels: { release: "other" } })], true],
  ["one of two picks it up", [prometheus({ matchLabels: { release: "other" } }), prometheus(everything)], false],
  ["nothing is selected", [prometheus(undefined)], true],
  [
    "only its own namespace",
    [{ ...prometheus(everything), selections: prometheus(everything).selections }].map((each) => ({
      ...each,
      selections: { ...each.selections, ServiceMonitor: { objects: everything, namespaces: undefined } },
    })),
    true,
  ],
  [
    "its namespace by name",
    [prometheus(everything, { matchLabels: { "kubernetes.io/metadata.name": "apps" } })],
    false,
  ],
  [
    "another namespace by name",
    [prometheus(everything, { matchLabels: { "kubernetes.io/metadata.name": "x" } })],
    true,
  ],
  ["labels of namespaces are not known", [prometheus(everything, { matchLabels: { team: "a" } })], false],
  ["In", [prometheus(expression("release", "In", "a", "kps"))], false],
  ["not In", [prometheus(expression("release", "In", "a"))], true],
  ["NotIn", [prometheus(expression("release", "NotIn", "kps"))], true],
  ["Exists", [prometheus(expression("nothing", "Exists"))], true],
  ["DoesNotExist", [prometheus(expression("release", "DoesNotExist"))], true],
  ["an operator of tomorrow", [prometheus(expression("release", "Gt", "1"))], false],
])("%s", (_, prometheuses, isPassedOver) => {
  expect(passedOverBy(prometheuses, "ServiceMonitor", object) !== undefined).toBe(isPassedOver);
});

test("what it selects, in words", () => {
  const found = prometheus({ matchLabels: { release: "kps" } });
  expect(describeSelection(found, "PrometheusRule")).toBe(
    'monitoring/k8s selects by {"matchLabels":{"release":"kps"}} in namespaces by {}',
  );
  expect(describeSelection(prometheus(undefined), "ServiceMonitor")).toBe("monitoring/k8s selects none");
});
