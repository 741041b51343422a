import { natsPermissions, natsUsers } from "@revenprox/contract/nats-subjects";
import { ports } from "@revenprox/contract/ports";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { natsConfigFile, natsMounts } from "./mounts.ts";
import type { ManagedNats } from "./nats-plan.ts";

/** Environment variables of a NATS container that its configuration reads. Values come with their quotes. */
export const natsEnvironment = {
  serverName: "POD_NAME",
  proxy: "NATS_PROXY_PASSWORD",
  publisher: "NATS_PUBLISHER_PASSWORD",
  admin: "NATS_ADMIN_PASSWORD",
} as const;

/** NATS' own default, kept as the least, so that raising maxEventSize a little restarts nothing. */
const leastMaxPayload = 1_048_576;
/** Room for the headers of an event: they count as payload. */
const headerRoom = 65_536;
/** Share of the volume that JetStream may fill. Above the journal's, which would not be created otherwise. */
const fileStoreShare = 0.9;
/** The journal is on file; this bounds streams that somebody makes by hand with the admin's password. */
const maxMemoryStore = 67_108_864;

type Permissions = ReturnType<typeof natsPermissions>["proxy"] | ReturnType<typeof natsPermissions>["publisher"];

const list = (subjects: readonly string[]): string =>
  `[${subjects.map((subject) => JSON.stringify(subject)).join(", ")}]`;

const user = (name: keyof typeof natsUsers, permissions: Permissions | undefined): readonly string[] => [
  "      {",
  `        user: ${natsUsers[name]}`,
  `        password: $${natsEnvironment[name]}`,
  ...(permissions === undefined
    ? []
    : [
        "        permissions {",
        `          publish { allow: ${list(permissions.publish)}, deny: ${list(permissions.denyPublish)} }`,
        `          subscribe { allow: ${list(permissions.subscribe)} }`,
        "        }",
      ]),
  "      }",
];

const accounts = ({ natsInstance, config }: Instance): readonly string[] => {
  const permissions = natsPermissions(natsInstance, { journal: config.journal.enabled });
  return [
    "accounts {",
    "  REVENPROX {",
    "    jetstream: enabled",
    "    users: [",
    ...user("proxy", permissions.proxy),
    ...user("publisher", permissions.publisher),
    ...user("admin", undefined),
    "    ]",
    "  }",
    "}",
  ];
};

/** Environment variable with the address of the `index`th server for its peers, credentials included. */
export const routeVariable = (index: number): string => `NATS_ROUTE_${index}`;

/** Seconds for a handshake: the server's own two are few on a busy node. */
const handshakeSec = 5;

const ownCertificate = [
  `cert_file: ${JSON.stringify(`${natsMounts.tls}/tls.crt`)}`,
  `key_file: ${JSON.stringify(`${natsMounts.tls}/tls.key`)}`,
  `timeout: ${handshakeSec}`,
];

const section = (name: string, lines: readonly string[], indent = ""): readonly string[] => [
  `${indent}${name} {`,
  ...lines.map((line) => `${indent}  ${line}`),
  `${indent}}`,
];

/** Clients show their password, no certificate. */
const clientTls = ({ tls }: ManagedNats): readonly string[] => (tls ? section("tls", ownCertificate) : []);

/** On a route both ends show their certificate. */
const routeTls = ({ tls }: ManagedNats): readonly string[] =>
  tls ? section("tls", [...ownCertificate, `ca_file: ${JSON.stringify(`${natsMounts.tls}/ca.crt`)}`], "  ") : [];

/** Routes need the admin's password: without one any pod of the cluster could join and read everything. */
const cluster = ({ names }: Instance, nats: ManagedNats): readonly string[] => {
  const { replicas } = nats;
  if (replicas === 1) return [];
  return [
    "cluster {",
    `  name: ${names.nats}`,
    `  listen: "0.0.0.0:${ports.natsCluster.number}"`,
    "  no_advertise: true",
    ...routeTls(nats),
    `  authorization { user: ${natsUsers.admin}, password: $${natsEnvironment.admin} }`,
    `  routes: [${Array.from({ length: replicas }, (_, index) => `$${routeVariable(index)}`).join(", ")}]`,
    "}",
  ];
};

/** `nats-server.conf` of a managed NATS. */
export const natsConfigText = (instance: Instance, nats: ManagedNats): string => {
  const maxPayload = Math.max(leastMaxPayload, instance.config.http.maxEventSize + headerRoom);
  const lines = [
    `server_name: $${natsEnvironment.serverName}`,
    `listen: "0.0.0.0:${ports.natsClient.number}"`,
    `http: "0.0.0.0:${ports.natsMonitor.number}"`,
    `max_payload: ${maxPayload}`,
    `lame_duck_duration: "30s"`,
    `lame_duck_grace_period: "2s"`,
    ...clientTls(nats),
    "jetstream {",
    `  store_dir: ${JSON.stringify(natsMounts.journal)}`,
    `  max_file_store: ${Math.floor(nats.storeBytes * fileStoreShare)}`,
    `  max_memory_store: ${maxMemoryStore}`,
    "}",
    ...accounts(instance),
    ...cluster(instance, nats),
  ];
  return `${lines.join("\n")}\n`;
};

export const natsConfigMap = (instance: Instance, text: string): DesiredObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: metadata(instance, instance.names.natsConfig, "nats"),
  data: { [natsConfigFile]: text },
});
