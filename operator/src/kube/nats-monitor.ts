import { get } from "node:http";
import { ports } from "@revenprox/contract/ports";
import { NatsMonitorError, type NatsServer, natsServer } from "../nats/nats-server.ts";

/** Asks one NATS server at its pod's address; rejects on any trouble. */
export type AskNats = (address: string, name: string) => Promise<NatsServer>;

const TIMEOUT_MS = 3_000;
const MAX_BODY_BYTES = 262_144;

/** `/healthz` answers 503 when something is wrong: the body says what. */
const known = new Set([200, 500, 503]);

const json = (url: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    get(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > MAX_BODY_BYTES)
          response.destroy(new NatsMonitorError(`${url} answers more than ${MAX_BODY_BYTES} bytes`));
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          if (!known.has(response.statusCode ?? 0))
            throw new NatsMonitorError(`${url} answered ${response.statusCode}`);
          resolve(JSON.parse(body));
        } catch (error) {
          reject(error);
        }
      });
    }).on("error", reject);
  });

export const askNats: AskNats = async (address, name) => {
  const host = address.includes(":") ? `[${address}]` : address;
  const base = `http://${host}:${ports.natsMonitor.number}`;
  const [healthz, jsz] = await Promise.all([json(`${base}/healthz`), json(`${base}/jsz?accounts=true&streams=true`)]);
  return natsServer(name, healthz, jsz);
};
