import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { expect } from "vitest";
import type { NatsProcess } from "../../src/mesh/testing/nats-process.ts";
import { type CertificatePaths, makeCertificate } from "../testing/certificates.ts";
import { type EffectRow, withFolder, withProxy } from "../testing/effect-row.ts";
import { type Environment, until } from "../testing/proxy-process.ts";
import { publish } from "../testing/raw-stream.ts";
import { ready, withNats } from "../testing/with-nats.ts";

/** Names and message counts of the streams on a server. */
const streams = async (nats: NatsProcess): Promise<ReadonlyMap<string, number>> => {
  const connection = await connect({ servers: nats.url });
  try {
    const found = new Map<string, number>();
    for await (const { config, state } of (await jetstreamManager(connection)).streams.list())
      found.set(config.name, state.messages);
    return found;
  } finally {
    await connection.close();
  }
};

const users = 'authorization { users: [{ user: "proxy-user", password: "proxy-password" }] }';

/** Whether the proxy is ready with these credentials; a refusal shows in the log of the server. */
const admitted = async (nats: NatsProcess, credentials: Environment): Promise<boolean> => {
  let outcome = false;
  const before = nats.log().length;
  await withProxy({ REVENPROX_NATS__SERVERS: nats.url, ...credentials }, async (proxy) => {
    outcome = await until("the server's verdict", async () => {
      if (/authentication error/i.test(nats.log().slice(before))) return "refused";
      return (await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`)).status === 200 ? "admitted" : undefined;
    }).then((verdict) => verdict === "admitted");
  });
  return outcome;
};

const credentialsRow = (key: string, wrong: (folder: string) => Environment): EffectRow => ({
  key,
  name: "the right one is let in, another one is not",
  run: () =>
    withNats(
      (nats) =>
        withFolder(async (folder) => {
          await writeFile(join(folder, "right"), "proxy-password");
          await writeFile(join(folder, "wrong"), "something-else");
          const right = {
            REVENPROX_NATS__USER: "proxy-user",
            REVENPROX_NATS__PASSWORD_FILE: join(folder, "right"),
          };
          expect(await admitted(nats, right)).toBe(true);
          expect(await admitted(nats, { ...right, ...wrong(folder) })).toBe(false);
        }),
      users,
    ),
});

/** Whether a proxy with these settings reaches a server that shows a certificate and asks for one. */
const reachesTls = async (settings: (paths: TlsPaths) => Environment): Promise<boolean> => {
  let outcome = false;
  await withFolder(async (folder) => {
    const [server, client, other] = await Promise.all(
      ["server", "client", "other"].map((name) => makeCertificate(folder, name)),
    );
    if (server === undefined || client === undefined || other === undefined) throw new Error("no certificates");
    const files = [`cert_file: "${server.certFile}"`, `key_file: "${server.keyFile}"`, `ca_file: "${client.certFile}"`];
    await withNats(
      async (nats) => {
        const servers = `tls://127.0.0.1:${nats.port}`;
        await withProxy({ REVENPROX_NATS__SERVERS: servers, ...settings({ server, client, other }) }, async (proxy) => {
          outcome = await until("the verdict", async () => {
            if (/NATS connection for .* reports an error/.test(proxy.output())) return "refused";
            const { status } = await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`);
            return status === 200 ? "admitted" : undefined;
          }).then((verdict) => verdict === "admitted");
        });
      },
      `tls { ${files.join("\n")}\n verify: true\n timeout: 10 }`,
    );
  });
  return outcome;
};

type TlsPaths = Readonly<Record<"server" | "client" | "other", CertificatePaths>>;

const goodTls = ({ server, client }: TlsPaths): Environment => ({
  REVENPROX_NATS__TLS_CA_FILE: server.certFile,
  REVENPROX_NATS__TLS_CERT_FILE: client.certFile,
  REVENPROX_NATS__TLS_KEY_FILE: client.keyFile,
});

const tlsRow = (key: string, wrong: (paths: TlsPaths) => Environment): EffectRow => ({
  key,
  name: "the right one reaches the server, another one does not",
  run: async () => {
    expect(await reachesTls(goodTls)).toBe(true);
    expect(await reachesTls((paths) => ({ ...goodTls(paths), ...wrong(paths) }))).toBe(false);
  },
});

const tlsRows: readonly EffectRow[] = [
  tlsRow("nats.tls_ca_file", ({ other }) => ({ REVENPROX_NATS__TLS_CA_FILE: other.certFile })),
  tlsRow("nats.tls_cert_file", ({ other }) => ({
    REVENPROX_NATS__TLS_CERT_FILE: other.certFile,
    REVENPROX_NATS__TLS_KEY_FILE: other.keyFile,
  })),
  tlsRow("nats.tls_key_file", ({ other }) => ({ REVENPROX_NATS__TLS_KEY_FILE: other.keyFile })),
];

export const natsRows: readonly EffectRow[] = [
  {
    key: "nats.servers",
    name: "what is published is stored on that server",
    run: () =>
      withNats((nats) =>
        withProxy({ REVENPROX_NATS__SERVERS: nats.url }, async (proxy) => {
          await ready(proxy);
          const before = (await streams(nats)).get("REVENPROX_default") ?? 0;
          for (let index = 0; index < 20; index += 1) await publish(proxy.port, "a", String(index));
          expect((await streams(nats)).get("REVENPROX_default")).toBeGreaterThanOrEqual(before + 20);
        }),
      ),
  },
  {
    key: "nats.instance",
    name: "the journal is the one of that instance",
    run: () =>
      withNats((nats) =>
        withProxy({ REVENPROX_NATS__SERVERS: nats.url, REVENPROX_NATS__INSTANCE: "blue" }, async (proxy) => {
          await ready(proxy);
          expect([...(await streams(nats)).keys()]).toContain("REVENPROX_blue");
        }),
      ),
  },
  ...tlsRows,
  credentialsRow("nats.user", () => ({ REVENPROX_NATS__USER: "somebody-else" })),
  credentialsRow("nats.password_file", (folder) => ({ REVENPROX_NATS__PASSWORD_FILE: join(folder, "wrong") })),
];
