import { get } from "node:http";
import { appLabel } from "@revenprox/contract/labels";
import { names } from "@revenprox/contract/names";
import { ports } from "@revenprox/contract/ports";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { Workload } from "../reconcile/ports.ts";
import type { LiveObject } from "./object.ts";
import { isReadyPod, type Pod } from "./pod.ts";
import type { Secrets } from "./secrets.ts";

/** Asks one proxy at its pod's address; rejects on any trouble. */
export type AskProxy = (address: string, token: string) => Promise<Workload>;

export interface WorkloadDependencies {
  readonly secrets: Pick<Secrets, "value">;
  readonly ask: AskProxy;
  readonly now: () => number;
  /** Told when an answer came in that differs from the one before. */
  readonly onChange: (revenprox: RevenProx) => void;
  readonly onUnknown: (revenprox: RevenProx, error: unknown) => void;
}

/** Last known numbers of a resource; starts asking its proxies again in the background when they are 50 s old. */
export type ReadWorkload = (revenprox: RevenProx, pods: readonly LiveObject[]) => Workload | undefined;

/** Less than the pause between two passes over a settled resource (54 to 60 s), so that each of them asks. */
const FRESH_MS = 50_000;
/** Proxies asked at once for one resource. */
const PARALLEL = 8;
const TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 65_536;

interface Known {
  readonly askedAt: number;
  readonly workload: Workload | undefined;
}

export const createReadWorkload = ({ secrets, ask, now, onChange, onUnknown }: WorkloadDependencies): ReadWorkload => {
  const known = new Map<string, Known>();

  const refresh = async (
    revenprox: RevenProx,
    addresses: readonly string[],
    before: Workload | undefined,
  ): Promise<void> => {
    const { namespace, name, uid } = revenprox.metadata;
    const remember = (workload: Workload | undefined) => known.set(uid, { askedAt: now(), workload });
    try {
      const token = await secrets.value(namespace, names(name).managementTokens, "read");
      if (token === undefined) return;
      const workload = await sum(addresses, (address) => ask(address, token));
      remember(workload);
      if (workload.connections !== before?.connections || workload.topics !== before?.topics) onChange(revenprox);
    } catch (error) {
      remember(undefined);
      onUnknown(revenprox, error);
    }
  };

  return (revenprox, pods) => {
    const { uid } = revenprox.metadata;
    const last = known.get(uid);
    forgetOthers(known, now());
    if (last !== undefined && now() - last.askedAt < FRESH_MS) return last.workload;
    const addresses = proxyAddresses(pods);
    if (addresses.length === 0) return undefined;
    known.set(uid, { askedAt: now(), workload: last?.workload });
    void refresh(revenprox, addresses, last?.workload);
    return last?.workload;
  };
};

/** Resources that nobody asked for in a while are gone. */
const forgetOthers = (known: Map<string, Known>, now: number): void => {
  for (const [uid, { askedAt }] of known) if (now - askedAt > 10 * FRESH_MS) known.delete(uid);
};

const proxyAddresses = (pods: readonly LiveObject[]): readonly string[] =>
  pods
    .filter((object) => object.metadata.labels?.["app"] === appLabel.proxy && isReadyPod(object))
    .flatMap((object: Pod) => object.status?.podIP ?? []);

const sum = async (addresses: readonly string[], ask: (address: string) => Promise<Workload>): Promise<Workload> => {
  const total = { connections: 0, topics: 0 };
  const queue = [...addresses];
  const worker = async () => {
    for (let address = queue.shift(); address !== undefined; address = queue.shift()) {
      const { connections, topics } = await ask(address);
      total.connections += connections;
      total.topics += topics;
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, addresses.length) }, worker));
  return total;
};

/** Thrown when a proxy answers, but not with the numbers. */
export class ProxyAnswerError extends Error {
  override readonly name = "ProxyAnswerError";
}

export const askProxy: AskProxy = (address, token) =>
  new Promise((resolve, reject) => {
    const host = address.includes(":") ? `[${address}]` : address;
    const url = `http://${host}:${ports.management.number}/api/v1/connections`;
    const options = { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(TIMEOUT_MS) };
    get(url, options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > MAX_BODY_BYTES)
          response.destroy(new ProxyAnswerError(`${url} answers more than ${MAX_BODY_BYTES} bytes`));
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          resolve(parseWorkload(url, response.statusCode, body));
        } catch (error) {
          reject(error);
        }
      });
    }).on("error", reject);
  });

const parseWorkload = (url: string, status: number | undefined, body: string): Workload => {
  if (status !== 200) throw new ProxyAnswerError(`${url} answered ${status}`);
  const answer = JSON.parse(body) as Record<string, unknown>;
  const [connections, topics] = [answer["active_connections"], answer["topics"]];
  if (!isCount(connections) || !isCount(topics))
    throw new ProxyAnswerError(`${url} gives no counts "active_connections" and "topics"`);
  return { connections, topics };
};

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;
