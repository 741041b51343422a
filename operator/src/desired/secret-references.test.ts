import { expect, test } from "vitest";
import { externalWithCredentials } from "../testing/alternatives.ts";
import { everythingSet, resourceOf } from "../testing/resource.ts";
import { secretReferences } from "./secret-references.ts";

const told = (spec: unknown): readonly string[] =>
  secretReferences(resourceOf(spec).spec).map(({ field, name, keys }) => `${field} ${name}: ${keys.join(", ")}`);

test("Secrets of an external NATS are told with the keys that they must have", () => {
  expect(told(externalWithCredentials)).toEqual([
    "spec.nats.external.credentialsSecret nats-login: username, password",
    "spec.nats.external.tls.caSecret nats-ca: ca.crt",
    "spec.nats.external.tls.clientSecret web-nats-client: tls.crt, tls.key",
  ]);
});

test("a variable's Secret is told with its key", () => {
  const env = [
    { name: "TZ", value: "UTC" },
    { name: "TOKEN", secret: { name: "tokens", key: "web" } },
  ];
  expect(told({ pod: { env } })).toEqual(["spec.pod.env[TOKEN].secret tokens: web"]);
});

/** No reason for a proxy not to start: it is the Ingress controller's, or traces wait for it. */
const notNeeded = ["ingress.tlsSecret", "tracing.headersSecret"];

test("every Secret that a spec can name is told, but those that proxies start without", () => {
  const named = (value: unknown, path: string): readonly string[] =>
    typeof value !== "object" || value === null
      ? /secret$/i.test(path) && !notNeeded.includes(path)
        ? [`spec.${path} ${String(value)}`]
        : []
      : Object.entries(value).flatMap(([key, below]) => named(below, path === "" ? key : `${path}.${key}`));
  const all = named(everythingSet, "");
  expect(all.length).toBeGreaterThan(4);
  const references = secretReferences(resourceOf(everythingSet).spec).map(({ field, name }) => `${field} ${name}`);
  expect(all.filter((each) => !references.includes(each))).toEqual([]);
});
