import { expect, test } from "vitest";
import { externalWithCredentials } from "../testing/alternatives.ts";
import { resourceOf } from "../testing/resource.ts";
import { secretsToCreate } from "./secrets.ts";

const counting = () => {
  let count = 0;
  return (bytes: number): string => `${bytes} bytes, number ${++count}`;
};

const keysOf = (spec: unknown) =>
  secretsToCreate(resourceOf(spec), counting()).map(({ name, namespace, stringData }) => [namespace, name, stringData]);

const proxySecrets = [
  ["apps", "web-publish-key", { default: "32 bytes, number 1" }],
  ["apps", "web-management-tokens", { read: "32 bytes, number 2", admin: "32 bytes, number 3" }],
];

test("every secret has a value of its own", () => {
  expect(keysOf({})).toEqual([
    ...proxySecrets,
    [
      "apps",
      "web-nats-users",
      { proxy: "32 bytes, number 4", publisher: "32 bytes, number 5", admin: "32 bytes, number 6" },
    ],
  ]);
});

test("an external NATS has its own users", () => expect(keysOf(externalWithCredentials)).toEqual(proxySecrets));

test("where the publish keys are the user's none is generated", () => {
  const names = keysOf({ auth: { publishKeysSecret: "own" } }).map(([, name]) => name);
  expect(names).toEqual(["web-management-tokens", "web-nats-users"]);
});
