import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Member, waitFor } from "./member.ts";
import { natsAddress, natsPort } from "./nats-node.ts";
import type { RunName } from "./network.ts";

export const proxyPort = 8080;
const managementPort = 9090;

export const instance = "chaos";
export const publishSecret = "chaos-publisher-secret-0123456789";

export const proxyAddress = (index: number): string => `10.83.2.${index + 1}`;

export interface ProxyNodeParts {
  readonly run: RunName;
  readonly index: number;
  readonly natsNodes: number;
  readonly maxEventsPerTopic: number;
  readonly logs: string;
}

/** `REVENPROX_CHAOS_PROXY` names the main file of another build than this tree's. */
const proxyMain =
  process.env["REVENPROX_CHAOS_PROXY"] ?? fileURLToPath(new URL("../../../proxy/src/main.ts", import.meta.url));

const environmentOf = ({ run, index, natsNodes, maxEventsPerTopic }: ProxyNodeParts): Record<string, string> => {
  const keys = join(run.folder, "publish-keys");
  mkdirSync(keys, { recursive: true });
  writeFileSync(join(keys, "chaos"), publishSecret);
  const servers = Array.from({ length: natsNodes }, (_, node) => `nats://${natsAddress(node)}:${natsPort}`);
  return {
    REVENPROX_PROXY_ID: `p${index + 1}`,
    REVENPROX_LOG_FORMAT: "json",
    REVENPROX_HTTP__BIND_ADDRESS: `0.0.0.0:${proxyPort}`,
    REVENPROX_MANAGEMENT__BIND_ADDRESS: `0.0.0.0:${managementPort}`,
    REVENPROX_HTTP__PUBLISH_KEYS_DIR: keys,
    REVENPROX_HTTP__RETRY_MS: "1000",
    // Clients take three times this silence for a dead connection.
    REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "4",
    REVENPROX_HTTP__SHUTDOWN_GRACE_PERIOD_SEC: "10",
    REVENPROX_NATS__SERVERS: servers.join(","),
    REVENPROX_NATS__INSTANCE: instance,
    REVENPROX_JOURNAL__REPLICAS: String(natsNodes),
    REVENPROX_JOURNAL__MAX_EVENTS_PER_TOPIC: String(maxEventsPerTopic),
    REVENPROX_JOURNAL__MAX_BYTES: String(1_073_741_824),
  };
};

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status === 200;
  } catch {
    // Not listening yet, or cut off just now.
    return false;
  }
};

/** A proxy from the sources, as `npm start` runs it. */
export const createProxyNode = (parts: ProxyNodeParts): Member => {
  const member = `p${parts.index + 1}`;
  const address = proxyAddress(parts.index);
  return new Member({
    run: parts.run,
    member,
    address,
    program: process.execPath,
    args: ["--conditions=revenprox-source", "--disable-warning=ExperimentalWarning", proxyMain],
    environment: environmentOf(parts),
    logFile: join(parts.logs, `${member}.log`),
    ready: (node) => waitFor(node, "/livez", () => answers(`http://${address}:${managementPort}/livez`)),
  });
};

/** True when the proxy has reached its journal and takes streams. */
export const isReady = (proxy: Member): Promise<boolean> => answers(`http://${proxy.address}:${managementPort}/readyz`);

/** Values of a scrape by name; of several series with one name their sum. Undefined when the proxy does not answer. */
export const scrape = async (proxy: Member): Promise<ReadonlyMap<string, number> | undefined> => {
  try {
    const response = await fetch(`http://${proxy.address}:${managementPort}/metrics`, {
      signal: AbortSignal.timeout(2_000),
    });
    return sums(await response.text());
  } catch {
    // A proxy under a fault does not answer.
    return undefined;
  }
};

const sums = (text: string): ReadonlyMap<string, number> => {
  const values = new Map<string, number>();
  for (const [, name = "", value] of text.matchAll(/^revenprox_(\w+)(?:\{[^}]*\})? (\S+)$/gm))
    values.set(name, (values.get(name) ?? 0) + Number(value));
  return values;
};
