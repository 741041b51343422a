import { createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { claimPort, PortTaken } from "./port-claim.ts";

const address = { host: "127.0.0.1", wait: () => Promise.resolve() };

const listening = (options: object): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen({ host: "127.0.0.1", ...options }, () => resolve(server));
  });

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

test("a claim keeps others out until it is released", async () => {
  const claim = await claimPort({ ...address, port: 0 });
  expect(claim.port).toBeGreaterThan(0);
  const { port } = claim;
  await expect(claimPort({ ...address, port })).rejects.toThrow(PortTaken);
  const shared = await listening({ port, reusePort: true });
  await closed(shared);
  claim.release();
  (await claimPort({ ...address, port })).release();
});

test.each([{ reusePort: false }, { reusePort: true }])("a port that somebody has is refused: %o", async (options) => {
  const server = await listening({ port: 0, ...options });
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  await expect(claimPort({ ...address, port })).rejects.toThrow(/another process listens there; end it/);
  await closed(server);
});

test("a port that is free a moment later is taken", async () => {
  const server = await listening({ port: 0 });
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const claim = await claimPort({ ...address, port, wait: () => closed(server) });
  claim.release();
});

test("an address that is not this machine's is told at once", async () => {
  await expect(claimPort({ ...address, host: "192.0.2.1", port: 0 })).rejects.toThrow(/EADDRNOTAVAIL/);
});
