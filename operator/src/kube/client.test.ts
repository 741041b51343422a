import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKubeClient, type KubeClient } from "./client.ts";

const seen: string[] = [];
let server: Server;
let client: KubeClient;

beforeEach(async () => {
  seen.length = 0;
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    seen.push(`${request.method} ${body}`);
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const config = new KubeConfig();
  const { port } = server.address() as AddressInfo;
  config.loadFromClusterAndUser(
    { name: "test", server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: "test" },
  );
  client = createKubeClient(config);
});

afterEach(() => {
  client.close();
  server.close();
});

test.each(["POST", "PUT", "PATCH", "DELETE"] as const)(
  "a %s has its body, and the connection stays good",
  async (method) => {
    const body = { preconditions: { uid: "ü" } };
    await client.request({ method, path: "/x", body });
    await client.request({ method, path: "/x", body, permit: () => true });
    await client.request({ method: "GET", path: "/x" });
    expect(seen).toEqual([`${method} ${JSON.stringify(body)}`, `${method} ${JSON.stringify(body)}`, "GET "]);
  },
);
