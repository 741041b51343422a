import { expect, test } from "vitest";
import { condition, eventually, revenprox, statusOf } from "./support/cluster.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const route = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/exposed";
const ingress = "/apis/networking.k8s.io/v1/namespaces/default/ingresses/exposed";
const crdName = "httproutes.gateway.networking.k8s.io";

/** As the Gateway API's, but for its schema. */
const crd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: crdName,
    annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/891" },
  },
  spec: {
    group: "gateway.networking.k8s.io",
    scope: "Namespaced",
    names: { kind: "HTTPRoute", listKind: "HTTPRouteList", plural: "httproutes", singular: "httproute" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
              status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
          },
        },
      },
    ],
  },
};

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster);

const reason = async () =>
  (await statusOf(cluster, "exposed")).conditions?.find(({ type }) => type === "RouteReady")?.reason;

const says = (wanted: string) => eventually(`RouteReady says ${wanted}`, async () => (await reason()) === wanted, 60);

const setStatus = (kind: string, status: unknown) =>
  cluster.kubectl(
    "patch",
    "-n",
    "default",
    kind,
    "exposed",
    "--subresource=status",
    "--type=merge",
    "-p",
    JSON.stringify({ status }),
  );

test("a route waits for its CRD, is made when it comes, and told as its Gateway judges it", async () => {
  await cluster.kubectlApply(revenprox("exposed", { route: { parentRefs: [{ name: "public" }] } }));
  expect((await condition(cluster, "exposed", ["RouteReady", "False"])).reason).toBe("CRDMissing");
  await cluster.kubectlApply(crd);
  await eventually("the HTTPRoute is made", () => cluster.get(route), 60);
  await says("WaitingForGateway");
  const parent = (status: string) => ({
    parents: [
      {
        parentRef: { name: "public" },
        controllerName: "example.com/gateway",
        conditions: [{ type: "Accepted", status, reason: status === "True" ? "Accepted" : "NoMatchingParent" }],
      },
    ],
  });
  await setStatus("httproute", parent("False"));
  await says("NoMatchingParent");
  await setStatus("httproute", parent("True"));
  await says("Accepted");
});

test("an Ingress instead takes the route away", async () => {
  await cluster.kubectlApply(revenprox("exposed", { ingress: { hosts: ["events.example.com"] } }));
  await eventually("the Ingress is made", () => cluster.get(ingress), 60);
  await eventually("the HTTPRoute is gone", async () => (await cluster.get(route)) === undefined, 60);
  await says("WaitingForController");
  await setStatus("ingress", { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } });
  await says("Addressed");
});

test("an operator goes on when the CRD goes", async () => {
  await cluster.kubectlApply(revenprox("exposed", { route: { parentRefs: [{ name: "public" }] } }));
  await eventually("the HTTPRoute is made", () => cluster.get(route), 60);
  await cluster.kubectl("delete", "crd", crdName);
  await says("CRDMissing");
  expect((await operator.get("/readyz")).status).toBe(200);
});
