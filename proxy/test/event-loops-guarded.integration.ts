import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificatePaths, makeCertificate } from "./testing/certificates.ts";
import { engines } from "./testing/engines.ts";
import { closeAll, type LoopsStage, loopsStage, streamCount } from "./testing/loops-stage.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, type RawStream } from "./testing/raw-stream.ts";
import { sample } from "./testing/scrape.ts";
import { bearer } from "./testing/verified-proxy.ts";
import { startWebhook, type WebhookServer } from "./testing/webhook-server.ts";

let stage: LoopsStage;
let folder: string;
beforeAll(async () => {
  stage = await loopsStage();
  folder = await mkdtemp(join(tmpdir(), "proxy-loops-"));
});
afterAll(async () => {
  await stage.stop();
  await rm(folder, { recursive: true });
});

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface SecureExchange {
  readonly socket: TLSSocket;
  /** Common name of the certificate that was shown. */
  subject(): string;
  text(): string;
}

describe.concurrent("TLS on two event loops", () => {
  let first: CertificatePaths;
  let second: CertificatePaths;
  let ca: Buffer[];
  beforeAll(async () => {
    [first, second] = await Promise.all([makeCertificate(folder, "first"), makeCertificate(folder, "second")]);
    ca = await Promise.all([readFile(first.certFile), readFile(second.certFile)]);
  });

  const exchange = (port: number, line: string, body = ""): SecureExchange => {
    const socket = connect({ port, host: "127.0.0.1", ca });
    const parts: Buffer[] = [];
    let subject = "";
    socket.once("secureConnect", () => {
      subject = String(socket.getPeerCertificate().subject.CN);
      const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
      socket.write(`${line} HTTP/1.1\r\nHost: 127.0.0.1\r\n${length}\r\n${body}`);
    });
    socket.on("data", (part) => parts.push(part)).on("error", () => socket.destroy());
    return { socket, subject: () => subject, text: () => Buffer.concat(parts).toString() };
  };

  const openSecurely = async (port: number): Promise<readonly SecureExchange[]> => {
    const streams = Array.from({ length: streamCount }, () => exchange(port, "GET /events/tls"));
    for (const stream of streams) await until("the greeting", () => stream.text().includes("id: ") || undefined);
    return streams;
  };

  test.each(engines)(
    "%s: each loop streams, shows a changed certificate, and ends its streams at SIGTERM",
    async (engine) => {
      const used = { certFile: join(folder, `${engine}.crt`), keyFile: join(folder, `${engine}.key`) };
      const use = async ({ certFile, keyFile }: CertificatePaths): Promise<void> => {
        await writeFile(used.keyFile, await readFile(keyFile));
        await writeFile(used.certFile, await readFile(certFile));
      };
      const rotateAndEnd = async (proxy: ProxyProcess): Promise<void> => {
        const before = await openSecurely(proxy.port);
        expect(new Set(before.map((stream) => stream.subject()))).toEqual(new Set(["first"]));
        await use(second);
        const after = await until("every loop to show the new certificate", async () => {
          const streams = await openSecurely(proxy.port);
          if (streams.every((stream) => stream.subject() === "second")) return streams;
          for (const { socket } of streams) socket.destroy();
          return undefined;
        });
        const published = exchange(proxy.port, "POST /events/tls", "for all of them");
        await until("the answer", () => published.text().startsWith("HTTP/1.1 202 ") || undefined);
        published.socket.destroy();
        const all = [...before, ...after];
        for (const stream of all)
          await until("the event", () => stream.text().includes("data: for all of them\n\n") || undefined);
        proxy.child.kill("SIGTERM");
        expect(await proxy.exited).toBe(0);
        for (const stream of all)
          await until("the end", () => /retry: \d+\n\n\r\n0\r\n\r\n$/.test(stream.text()) || undefined);
      };
      await use(first);
      await stage.withLoops(2, rotateAndEnd, {
        REVENPROX_HTTP__ENGINE: engine,
        REVENPROX_HTTP__TLS_CERT_FILE: used.certFile,
        REVENPROX_HTTP__TLS_KEY_FILE: used.keyFile,
      });
    },
  );
});

// What loops tell each other of is late on a busy machine, so each of these has it for itself.
describe("a verifier behind two event loops", () => {
  /** Calls are counted: one that a busy machine answers late must not be made again. */
  const patient = { REVENPROX_JWT_VERIFIER__TIMEOUT_MS: "60000" };
  const askingWebhook = ({ url }: WebhookServer) => ({ REVENPROX_JWT_VERIFIER__WEBHOOK_URL: url });

  interface Asked {
    readonly environment?: (verifier: WebhookServer) => Record<string, string>;
    /** What the verifier answers from the start. */
    readonly reply?: WebhookServer["reply"];
  }

  /** Runs `use` with a proxy of two loops and a verifier of its own. */
  const withVerifier = async (
    { environment = askingWebhook, reply }: Asked,
    use: (proxy: ProxyProcess, verifier: WebhookServer) => Promise<void>,
  ): Promise<void> => {
    const verifier = await startWebhook();
    if (reply !== undefined) verifier.reply = reply;
    try {
      await stage.withLoops(2, (proxy) => use(proxy, verifier), { ...patient, ...environment(verifier) });
    } finally {
      await verifier.close();
    }
  };

  const openWith = async ({ port }: ProxyProcess, token: string): Promise<readonly RawStream[]> => {
    const streams = Array.from({ length: streamCount }, () => openStream(port, "/events/a1", bearer(token)));
    await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
    return streams;
  };

  test("each loop asks once about a token, and a verdict that turns ends the streams of both", () =>
    withVerifier({}, async (proxy, verifier) => {
      let good = true;
      verifier.reply = () => ({ body: { valid: good, cache_ttl_sec: good ? 3_600 : 0 } });
      closeAll(await openWith(proxy, "kept"));
      closeAll(await openWith(proxy, "kept"));
      expect(verifier.calls.map(({ jwt }) => jwt)).toEqual(["kept", "kept"]);
      expect(await sample(proxy, "auth_requests_total")).toBe(2 * streamCount);
      verifier.reply = () => ({ body: { valid: good, cache_ttl_sec: 1 } });
      const streams = await openWith(proxy, "turning");
      good = false;
      await Promise.all(streams.map((stream) => stream.waitFor('{"reason":"denied"}')));
      await until("their end", () => streams.every((stream) => stream.body().kind === "complete") || undefined);
      closeAll(streams);
    }));

  test("each loop reads the key set once", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const token = await new SignJWT({ sub: "u" })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setExpirationTime("1h")
      .sign(privateKey);
    const keys = [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" }];
    const asked: Asked = {
      environment: ({ url }) => ({ REVENPROX_JWT_VERIFIER__JWKS_URL: url }),
      reply: () => ({ body: { keys } }),
    };
    await withVerifier(asked, async (proxy, verifier) => {
      closeAll(await openWith(proxy, token));
      expect(verifier.calls).toHaveLength(2);
    });
  });

  test("streams of all loops count for max_streams_per_token", () =>
    withVerifier(
      { environment: (verifier) => ({ ...askingWebhook(verifier), REVENPROX_HTTP__MAX_STREAMS_PER_TOKEN: "4" }) },
      async ({ port }) => {
        const knock = async (): Promise<RawStream> => {
          const stream = openStream(port, "/events/a1", bearer("one"));
          await until("an answer", () => stream.head() !== "" || undefined);
          return stream;
        };
        const streams: RawStream[] = [];
        for (let count = 0; count < 4; count += 1) {
          streams.push(await knock());
          // What one loop admits reaches the others within milliseconds, on a busy machine later.
          await wait(400);
        }
        const more = await Promise.all(Array.from({ length: 16 }, knock));
        const statusOf = (stream: RawStream) => stream.head().split(" ")[1];
        expect(streams.map(statusOf)).toEqual(streams.map(() => "200"));
        expect(more.map(statusOf)).toEqual(more.map(() => "429"));
        closeAll([...streams, ...more]);
      },
    ));

  test("publishes at all loops count for publish_rate_per_key", () =>
    withVerifier(
      { environment: (verifier) => ({ ...askingWebhook(verifier), REVENPROX_HTTP__PUBLISH_RATE_PER_KEY: "5" }) },
      async ({ port }) => {
        const headers = { ...bearer("one"), connection: "close" };
        const post = async (): Promise<number> =>
          (await fetch(`http://127.0.0.1:${port}/events/a1`, { method: "POST", body: "x", headers })).status;
        const perSecond = 5;
        const begun = performance.now();
        const statuses: number[] = [];
        const publishOn = async (): Promise<void> => {
          while (performance.now() - begun < 4_000) statuses.push(await post());
        };
        await Promise.all(Array.from({ length: 8 }, publishOn));
        const seconds = (performance.now() - begun) / 1_000;
        const taken = statuses.filter((status) => status === 202).length;
        expect(taken + statuses.filter((status) => status === 429).length).toBe(statuses.length);
        // A second's worth at once, then the rate, and a few that met the other loop before it had heard; each loop for itself would take twice as many.
        expect(taken).toBeLessThanOrEqual(perSecond * (1 + seconds) + perSecond);
      },
    ));
});
