import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificatePaths, makeCertificate } from "./testing/certificates.ts";
import { afterHead, dechunk } from "./testing/chunked.ts";
import { engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, runProxy, until } from "./testing/proxy-process.ts";

let folder: string;
let first: CertificatePaths;
let second: CertificatePaths;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "proxy-tls-"));
  [first, second] = await Promise.all([makeCertificate(folder, "first"), makeCertificate(folder, "second")]);
});
afterAll(() => rm(folder, { recursive: true }));

interface SecureExchange {
  readonly socket: TLSSocket;
  /** Common name of the certificate that was shown. */
  readonly subject: string;
  text(): string;
}

/** Connects, trusting both certificates and nothing else, and sends a request. */
const secureExchange = async (port: number, request: string, protocols?: string[]): Promise<SecureExchange> => {
  const ca = await Promise.all([readFile(first.certFile), readFile(second.certFile)]);
  const socket = connect({
    port,
    host: "127.0.0.1",
    ca,
    ...(protocols === undefined ? {} : { ALPNProtocols: protocols }),
  });
  await once(socket, "secureConnect");
  const parts: Buffer[] = [];
  socket.on("data", (part) => parts.push(part));
  socket.write(request);
  return {
    socket,
    subject: String(socket.getPeerCertificate().subject.CN),
    text: () => Buffer.concat(parts).toString(),
  };
};

const head = (request: string): string => `${request} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
const health = `${head("GET /health")}Connection: close\r\n\r\n`;

const publish = async (port: number, topic: string, data: string): Promise<void> => {
  const { socket, text } = await secureExchange(
    port,
    `${head(`POST /events/${topic}`)}Content-Length: ${data.length}\r\n\r\n${data}`,
  );
  await until("the answer", () => (text().includes("\r\n\r\n") ? true : undefined));
  expect(text()).toMatch(/^HTTP\/1\.1 202 /);
  socket.destroy();
};

const openStream = async (port: number, topic: string) => {
  const exchange = await secureExchange(port, `${head(`GET /events/${topic}`)}\r\n`);
  const body = (): string => {
    const now = dechunk(afterHead(Buffer.from(exchange.text())));
    if (now.kind === "broken") throw new Error(`the chunked framing breaks at byte ${now.at}`);
    return now.body.toString();
  };
  const waitFor = (part: string) => until(part, () => (body().includes(part) ? true : undefined));
  await waitFor("id: ");
  return { ...exchange, waitFor };
};

test("on node, a client that offers nothing but HTTP/1.0 is let in", async () => {
  const proxy = await startOn("node", {
    REVENPROX_HTTP__TLS_CERT_FILE: first.certFile,
    REVENPROX_HTTP__TLS_KEY_FILE: first.keyFile,
  });
  const { socket, text } = await secureExchange(proxy.port, "GET /health HTTP/1.0\r\n\r\n", ["http/1.0"]);
  await until("the answer", () => (text().includes('"healthy"') ? true : undefined));
  expect(socket.alpnProtocol).toBe("http/1.0");
  socket.destroy();
  await proxy.stop();
});

test("on node, a PROXY protocol header stands before the handshake", async () => {
  const proxy = await startOn("node", {
    REVENPROX_HTTP__TLS_CERT_FILE: first.certFile,
    REVENPROX_HTTP__TLS_KEY_FILE: first.keyFile,
    REVENPROX_HTTP__TRUSTED_PROXIES: "127.0.0.1",
    REVENPROX_HTTP__RATE_LIMIT_PER_IP: "1",
    REVENPROX_HTTP__RATE_LIMIT_WINDOW_SEC: "3600",
  });
  const statusOf = async (client: string): Promise<string> => {
    const plain = connectPlain(proxy.port, "127.0.0.1");
    if (client !== "") plain.write(Buffer.from(`0d0a0d0a000d0a515549540a2111000c${client}0a00000112340050`, "hex"));
    const socket = connect({ socket: plain, host: "127.0.0.1", ca: await readFile(first.certFile) });
    await once(socket, "secureConnect");
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => (text += part));
    socket.write(`${head("GET /events/a")}\r\n`);
    const line = await until("the status", () => /^HTTP\/1\.1 (\d+) /.exec(text)?.[1]);
    socket.destroy();
    plain.destroy();
    return line;
  };
  try {
    const statuses: string[] = [];
    for (const client of ["01010101", "02020202", "01010101", "", ""]) statuses.push(await statusOf(client));
    expect(statuses).toEqual(["200", "200", "429", "200", "429"]);
  } finally {
    await proxy.stop();
  }
});

describe.each(engines)("on %s", (engine) => {
  let proxy: ProxyProcess;
  let certFile: string;
  let keyFile: string;

  beforeAll(async () => {
    certFile = join(folder, `${engine}.crt`);
    keyFile = join(folder, `${engine}.key`);
    await Promise.all([copyFile(first.certFile, certFile), copyFile(first.keyFile, keyFile)]);
    proxy = await startOn(engine, {
      REVENPROX_HTTP__TLS_CERT_FILE: certFile,
      REVENPROX_HTTP__TLS_KEY_FILE: keyFile,
      REVENPROX_MANAGEMENT__TLS_CERT_FILE: certFile,
      REVENPROX_MANAGEMENT__TLS_KEY_FILE: keyFile,
    });
  });
  afterAll(() => proxy.stop());

  const subjectOn = async (port: number): Promise<string> => {
    const { socket, subject } = await secureExchange(port, health);
    socket.destroy();
    return subject;
  };

  test("both ports speak TLS, and only TLS", async () => {
    for (const port of [proxy.port, proxy.managementPort]) {
      const { subject, text } = await secureExchange(port, health);
      await until("an answer", () => (text().includes("healthy") ? true : undefined));
      expect(subject).toBe("first");
      const plain = connectPlain(port, "127.0.0.1", () => plain.write(health));
      const got: Buffer[] = [];
      plain.on("data", (part) => got.push(part)).on("error", () => plain.destroy());
      await once(plain, "close");
      expect(Buffer.concat(got).toString("latin1")).not.toContain("healthy");
    }
  });

  test("a large event streams whole over TLS, also to a reader that pauses", async () => {
    const stream = await openStream(proxy.port, "large");
    stream.socket.pause();
    const data = "abcdefghij".repeat(20_000);
    for (let index = 0; index < 40; index += 1) await publish(proxy.port, "large", `${index} ${data}`);
    stream.socket.resume();
    await stream.waitFor(`data: 39 ${data}\n\n`);
    stream.socket.destroy();
  });

  test("a changed certificate is shown to new connections while old streams go on", async () => {
    const old = await openStream(proxy.port, "rotated");
    await copyFile(second.certFile, certFile);
    await until("the mismatch to be told", () =>
      /ERROR\] The changed certificate is not used, the old one stays in use: the key in \S+ does not belong/.test(
        proxy.output(),
      )
        ? true
        : undefined,
    );
    expect(await subjectOn(proxy.port)).toBe("first");
    await copyFile(second.keyFile, keyFile);
    for (const port of [proxy.port, proxy.managementPort])
      await until("the new certificate", async () => ((await subjectOn(port)) === "second" ? true : undefined));
    const fresh = await openStream(proxy.port, "rotated");
    await publish(proxy.port, "rotated", "after the rotation");
    await Promise.all([old.waitFor("after the rotation"), fresh.waitFor("after the rotation")]);
    expect([old.subject, fresh.subject]).toEqual(["first", "second"]);
    for (const { socket } of [old, fresh]) socket.destroy();
  });
});

describe("a certificate that cannot be used keeps the proxy from starting", () => {
  const local = { REVENPROX_HTTP__BIND_ADDRESS: "127.0.0.1:0", REVENPROX_MANAGEMENT__BIND_ADDRESS: "127.0.0.1:0" };
  const startWith = (section: "HTTP" | "MANAGEMENT", certFile: string, keyFile: string) =>
    runProxy([], {
      ...local,
      [`REVENPROX_${section}__TLS_CERT_FILE`]: certFile,
      [`REVENPROX_${section}__TLS_KEY_FILE`]: keyFile,
    });

  test.each(["HTTP", "MANAGEMENT"] as const)("in the section %s", async (section) => {
    const nonsense = join(folder, "nonsense.pem");
    await writeFile(nonsense, "no PEM at all");
    const cases: readonly [string, string, RegExp][] = [
      [join(folder, "none.crt"), first.keyFile, /Cannot start: \S*none\.crt cannot be read: ENOENT/],
      [nonsense, first.keyFile, /Cannot start: \S*nonsense\.pem holds no certificate in PEM/],
      [first.certFile, nonsense, /Cannot start: \S*nonsense\.pem holds no private key in PEM without a passphrase/],
      [
        first.certFile,
        second.keyFile,
        /Cannot start: the key in \S*second\.key does not belong to the certificate in \S*first\.crt/,
      ],
    ];
    for (const [certFile, keyFile, fault] of cases)
      expect(await startWith(section, certFile, keyFile)).toEqual({ code: 1, output: expect.stringMatching(fault) });
  });

  test("one file without the other is a fault of the configuration", async () => {
    const { code, output } = await runProxy(["--check-config"], {
      REVENPROX_HTTP__TLS_CERT_FILE: first.certFile,
      REVENPROX_MANAGEMENT__TLS_KEY_FILE: first.keyFile,
    });
    expect(code).toBe(2);
    expect(output).toContain("REVENPROX_HTTP__TLS_CERT_FILE: http.tls_cert_file");
    expect(output).toContain("needs tls_key_file beside it");
    expect(output).toContain("needs tls_cert_file beside it");
  });
});
