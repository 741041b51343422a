import { describe, expect, test } from "vitest";
import type { DesiredInput, KubernetesObject, OperatorSettings } from "../reconcile/ports.ts";
import { externalWithCredentials } from "../testing/alternatives.ts";
import { statusOf } from "../testing/pass.ts";
import { everythingSet, inputOf, settings } from "../testing/resource.ts";
import { desired } from "./index.ts";
import { containerImage } from "./pod-template.ts";

const newer: OperatorSettings = {
  proxyImage: "localhost/revenprox-proxy:next",
  natsImage: "localhost/revenprox-nats:next",
  runbookBaseUrl: "https://next.example/",
};

const workloads = (objects: readonly KubernetesObject[]): readonly KubernetesObject[] =>
  objects.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");

const imagesIn = (input: DesiredInput): readonly (string | undefined)[] =>
  workloads(desired(input)).map(containerImage).toSorted();

/** The next pass, by another operator, with another spec perhaps. */
const later = (before: DesiredInput, by: OperatorSettings, spec?: unknown): DesiredInput => {
  const revenprox = spec === undefined ? before.revenprox : inputOf(spec).revenprox;
  return {
    ...before,
    settings: by,
    current: desired(before),
    revenprox: { ...revenprox, status: statusOf(before) },
  };
};

const first = [settings.natsImage, settings.proxyImage].toSorted();
const next = [newer.natsImage, newer.proxyImage].toSorted();

describe("a newer operator", () => {
  test.each([
    ["{}", {}],
    ["an external NATS", externalWithCredentials],
    ["everything set by hand", { ...everythingSet, upgradePolicy: "Manual" }],
  ])("changes no workload of %s", (_, spec) => {
    const before = inputOf(spec);
    expect(workloads(desired(later(before, newer)))).toEqual(workloads(desired(before)));
  });

  test("changes none either where the status was lost, or is of an operator that recorded nothing", () => {
    const before = inputOf({});
    const { revenprox } = before;
    const kept = { ...before, settings: newer, current: desired(before) };
    expect(imagesIn(kept)).toEqual(first);
    expect(imagesIn({ ...kept, revenprox: { ...revenprox, status: { image: settings.proxyImage } } })).toEqual(first);
  });

  test("rolls its own out where the policy is Automatic", () =>
    expect(imagesIn(later(inputOf({}), newer, { upgradePolicy: "Automatic" }))).toEqual(next));

  test("and what it rolled out is kept when the policy is Manual again", () => {
    const automatic = later(inputOf({}), newer, { upgradePolicy: "Automatic" });
    expect(imagesIn(later(automatic, settings, {}))).toEqual(next);
  });
});

describe("an image that the spec names", () => {
  const pinned = inputOf({ image: "localhost/own:1", nats: { managed: { image: "localhost/own-nats:1" } } });
  const own = ["localhost/own-nats:1", "localhost/own:1"];
  test("is what runs", () => expect(imagesIn(pinned)).toEqual(own));
  test("stays under Automatic", () =>
    expect(imagesIn(later(pinned, newer, { ...pinned.revenprox.spec, upgradePolicy: "Automatic" }))).toEqual(own));
  test("gives way to the operator's present one once it is taken out, not to one from before", () => {
    const before = later(inputOf({}), settings, pinned.revenprox.spec);
    expect(imagesIn(later(before, newer, {}))).toEqual(next);
  });
});
