import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { makeCertificate } from "../testing/certificates.ts";
import { type EffectRow, withFolder } from "../testing/effect-row.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { ask, withWebhook } from "../testing/verifier-effects.ts";
import { startWebhook } from "../testing/webhook-server.ts";

/** How the webhook is reached, and what is sent along. */
export const jwtVerifierConnectionRows: readonly EffectRow[] = [
  {
    key: "jwt_verifier.webhook_headers_file",
    name: "its headers are sent, also new ones",
    run: () =>
      withFolder(async (folder) => {
        const file = join(folder, "headers");
        await writeFile(file, "# for the webhook\nX-Api-Key: one\n");
        await withWebhook({ WEBHOOK_HEADERS_FILE: file }, async (proxy, webhook) => {
          await ask(proxy, "a", "t");
          expect(webhook.calls[0]?.headers["x-api-key"]).toBe("one");
          await writeFile(file, "X-Api-Key: two\n");
          await until("the new header", async () => {
            await ask(proxy, "a", `t-${Date.now()}`);
            return webhook.calls.at(-1)?.headers["x-api-key"] === "two" ? true : undefined;
          });
        });
      }),
  },
  {
    key: "jwt_verifier.webhook_ca_file",
    name: "a certificate that it signed is trusted",
    run: () =>
      withFolder(async (folder) => {
        const { certFile, keyFile } = await makeCertificate(folder, "webhook");
        const tls = { cert: await readFile(certFile), key: await readFile(keyFile) };
        const secure = () => startWebhook(undefined, tls);
        await withWebhook({}, async (proxy) => expect(await ask(proxy, "a", "t")).toBe(503), await secure());
        const trusting = { WEBHOOK_CA_FILE: certFile };
        await withWebhook(trusting, async (proxy) => expect(await ask(proxy, "a", "t")).toBe(200), await secure());
      }),
  },
  ...(["webhook_client_cert_file", "webhook_client_key_file"] as const).map((key) => ({
    key: `jwt_verifier.${key}`,
    name: "the webhook is shown a certificate (mTLS)",
    run: () =>
      withFolder(async (folder) => {
        const server = await makeCertificate(folder, "webhook");
        const client = await makeCertificate(folder, "proxy");
        const tls = {
          cert: await readFile(server.certFile),
          key: await readFile(server.keyFile),
          ca: await readFile(client.certFile),
          requestCert: true,
          rejectUnauthorized: true,
        };
        const secure = () => startWebhook(undefined, tls);
        const trusting = { WEBHOOK_CA_FILE: server.certFile };
        const mutual = {
          ...trusting,
          WEBHOOK_CLIENT_CERT_FILE: client.certFile,
          WEBHOOK_CLIENT_KEY_FILE: client.keyFile,
        };
        await withWebhook(trusting, async (proxy) => expect(await ask(proxy, "a", "t")).toBe(503), await secure());
        await withWebhook(mutual, async (proxy) => expect(await ask(proxy, "a", "t")).toBe(200), await secure());
      }),
  })),
  {
    key: "jwt_verifier.allow_private_addresses",
    name: "a call to a link-local address goes on only with it",
    run: () =>
      withFolder(async (folder) => {
        // A certificate that cannot be used ends the call after the address is checked and before a socket is opened:
        // whatever the key says, nothing is sent to that address.
        const unusable = join(folder, "unusable.pem");
        await writeFile(unusable, "not a certificate");
        const keys = {
          WEBHOOK_URL: "https://169.254.169.254/",
          WEBHOOK_CLIENT_CERT_FILE: unusable,
          WEBHOOK_CLIENT_KEY_FILE: unusable,
        };
        const failure = async (proxy: ProxyProcess): Promise<string | undefined> => {
          await ask(proxy, "a", "t");
          return /Webhook verification failed: (\w+)/.exec(proxy.output())?.[1];
        };
        await withWebhook(keys, async (proxy) => expect(await failure(proxy)).toBe("ADDRESS_REFUSED"));
        const allowed = { ...keys, ALLOW_PRIVATE_ADDRESSES: "true" };
        await withWebhook(allowed, async (proxy) => expect(await failure(proxy)).toMatch(/^ERR_OSSL_/));
      }),
  },
];
