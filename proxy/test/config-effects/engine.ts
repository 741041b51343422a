import { readFile } from "node:fs/promises";
import { get } from "node:https";
import { expect } from "vitest";
import { makeCertificate } from "../testing/certificates.ts";
import { type EffectRow, withFolder, withProxy } from "../testing/effect-row.ts";
import { engines } from "../testing/engines.ts";
import { runProxy } from "../testing/proxy-process.ts";
import { rawExchange } from "../testing/raw-stream.ts";

/** First line of the answer to a request for /health with these additions. */
const statusOf = async (port: number, query: string, headers = ""): Promise<number> => {
  const exchange = rawExchange(port, `GET /health?${query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`);
  await exchange.closed;
  return Number(exchange.head().split(" ")[1]);
};

/** On both engines: what the key lets through is served, one more is refused. */
const onBothEngines = async (key: string, value: number, use: (port: number) => Promise<void>): Promise<void> => {
  for (const engine of engines)
    await withProxy({ REVENPROX_HTTP__ENGINE: engine, [`REVENPROX_HTTP__${key}`]: String(value) }, ({ port }) =>
      use(port),
    );
};

const lineOf = (bytes: number): string => "x".repeat(bytes - "GET /health? HTTP/1.1\r\n".length);
const sentAnyway = "Host: a\r\nConnection: close\r\n";
const headersOf = (bytes: number): string => `X: ${"y".repeat(bytes - sentAnyway.length - "X: \r\n".length)}\r\n`;

const statusOverTls = (port: number, ca: Buffer): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", path: "/health", ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });

const tlsRow = (section: "http" | "management"): readonly EffectRow[] => {
  const name = (key: string): string => `REVENPROX_${section.toUpperCase()}__${key}`;
  return [
    {
      key: `${section}.tls_cert_file`,
      name: "its certificate is what clients are shown",
      run: () =>
        withFolder(async (folder) => {
          const { certFile, keyFile } = await makeCertificate(folder, "effect");
          const environment = { [name("TLS_CERT_FILE")]: certFile, [name("TLS_KEY_FILE")]: keyFile };
          await withProxy(environment, async ({ port, managementPort }) => {
            const ca = await readFile(certFile);
            expect(await statusOverTls(section === "http" ? port : managementPort, ca)).toBe(200);
          });
        }),
    },
    {
      key: `${section}.tls_key_file`,
      name: "a key of another certificate keeps the proxy from starting",
      run: () =>
        withFolder(async (folder) => {
          const [first, second] = await Promise.all([makeCertificate(folder, "a"), makeCertificate(folder, "b")]);
          const { code, output } = await runProxy([], {
            REVENPROX_HTTP__BIND_ADDRESS: "127.0.0.1:0",
            REVENPROX_MANAGEMENT__BIND_ADDRESS: "127.0.0.1:0",
            [name("TLS_CERT_FILE")]: first.certFile,
            [name("TLS_KEY_FILE")]: second.keyFile,
          });
          expect([code, output]).toEqual([1, expect.stringContaining("does not belong to the certificate")]);
        }),
    },
  ];
};

export const engineRows: readonly EffectRow[] = [
  {
    key: "http.engine",
    name: "node answers HTTP/1.0, uws refuses it",
    run: async () => {
      for (const [engine, status] of [
        ["uws", "505"],
        ["node", "200"],
      ] as const) {
        await withProxy({ REVENPROX_HTTP__ENGINE: engine }, async ({ port }) => {
          const exchange = rawExchange(port, "GET /health HTTP/1.0\r\n\r\n");
          await exchange.closed;
          expect(exchange.head().split(" ")[1]).toBe(status);
        });
      }
    },
  },
  {
    key: "http.max_request_line_size",
    name: "a request line of so many bytes is served, one byte more is refused",
    run: () =>
      onBothEngines("MAX_REQUEST_LINE_SIZE", 2_000, async (port) => {
        expect([await statusOf(port, lineOf(2_000)), await statusOf(port, lineOf(2_001))]).toEqual([200, 414]);
      }),
  },
  {
    key: "http.max_header_size",
    name: "headers of so many bytes are served, one byte more is refused",
    run: () =>
      onBothEngines("MAX_HEADER_SIZE", 3_000, async (port) => {
        const asked = [await statusOf(port, "", headersOf(3_000)), await statusOf(port, "", headersOf(3_001))];
        expect(asked).toEqual([200, 431]);
      }),
  },
  {
    key: "http.max_headers",
    name: "so many headers are served, one more is refused",
    run: () =>
      onBothEngines("MAX_HEADERS", 20, async (port) => {
        const asked = [
          await statusOf(port, "", "X: y\r\n".repeat(18)),
          await statusOf(port, "", "X: y\r\n".repeat(19)),
        ];
        expect(asked).toEqual([200, 431]);
      }),
  },
  ...tlsRow("http"),
  ...tlsRow("management"),
];
