import { join } from "node:path";
import { cached } from "./cache.ts";
import { findGo, goInstall } from "./go.ts";
import { withProgress } from "./progress.ts";

const NATS_SERVER = "github.com/nats-io/nats-server/v2@v2.15.2";

/** Path of a nats-server 2.15.2 program, built on the first call (about 1 minute) and kept in the cache. */
export async function natsServer(): Promise<string> {
  const go = await findGo();
  const folder = await cached("nats-server", [NATS_SERVER, go.version], (target) =>
    withProgress("building nats-server 2.15.2", "about 1 minute, once", () => goInstall(go, NATS_SERVER, target)),
  );
  return join(folder, "nats-server");
}
