import type { Platform } from "../../environment/platform.ts";

const labels = { app: "verifier" };

/** Says yes to every token that begins with `good`. */
const program = `
const { createServer } = require("node:http");
createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => { body += chunk; });
  request.on("end", () => {
    const valid = JSON.parse(body).jwt.startsWith("good");
    response.setHeader("content-type", "application/json").end(JSON.stringify({ valid, cache_ttl_sec: 2 }));
  });
}).listen(8080);
`;

/** Where proxies in the same cluster find it. */
export const verifierUrl = (namespace: string): string => `http://verifier.${namespace}.svc.cluster.local:8080/`;

/** A webhook of the user's, in `namespace`; runs on the Node.js of the proxies' image. */
export const installVerifier = async (platform: Platform, namespace: string): Promise<void> => {
  const container = {
    name: "verifier",
    image: platform.images.proxy,
    command: ["node", "-e", program],
    ports: [{ containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  };
  const pod = { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 1 } };
  const objects = [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "verifier" },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: pod },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "verifier" },
      spec: { selector: labels, ports: [{ port: 8080 }] },
    },
  ];
  for (const object of objects)
    await platform.kubectl(["--namespace", namespace, "apply", "--filename", "-"], JSON.stringify(object));
};
