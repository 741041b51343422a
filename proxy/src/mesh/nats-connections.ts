import type { ConnectionOptions, TlsOptions } from "@nats-io/nats-core";
import type { NatsConfig } from "@revenprox/contract/config/proxy-config";
import { natsSubjects, natsUsers } from "@revenprox/contract/nats-subjects";
import type { Log, Random } from "../hub/ports.ts";
import { passwordFromFile } from "./nats-credentials.ts";

/** A dead peer is found after two unanswered pings. */
const pingMs = 10_000;
const reconnectMs = { least: 250, spread: 750 } as const;

export interface ConnectionSettings {
  readonly nats: NatsConfig;
  readonly proxyId: string;
  readonly log: Log;
  readonly random: Random;
}

/**
 * Options of every connection of this process. Publishing, live delivery and replay each have one of their own:
 * neither a replay nor a stalled reader may cut the others.
 */
export const connectionOptions = (settings: ConnectionSettings, purpose: string): ConnectionOptions => {
  const { nats, proxyId, log, random } = settings;
  return {
    servers: [...nats.servers],
    name: `revenprox ${proxyId} ${purpose}`,
    authenticator: passwordFromFile(nats, log),
    inboxPrefix: natsSubjects(nats.instance).inboxPrefix(natsUsers.proxy),
    maxReconnectAttempts: -1,
    // Else two refused passwords in a row close the connection for good, in the middle of a rotation.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => reconnectMs.least + Math.floor(random() * reconnectMs.spread),
    pingInterval: pingMs,
    maxPingOut: 2,
    noAsyncTraces: true,
    // Else a server without TLS would be talked to in plain text.
    ...(nats.servers.some((server) => server.startsWith("tls://")) ? { tls: tlsFiles(nats) } : {}),
  };
};

/** The client reads them at each connect. */
const tlsFiles = ({ tlsCaFile, tlsCertFile, tlsKeyFile }: NatsConfig): TlsOptions => ({
  ...(tlsCaFile === undefined ? {} : { caFile: tlsCaFile }),
  ...(tlsCertFile === undefined ? {} : { certFile: tlsCertFile }),
  ...(tlsKeyFile === undefined ? {} : { keyFile: tlsKeyFile }),
});
