import { z } from "zod";
import { objectName } from "./structural.ts";

const tlsKeys = "the keys tls.crt and tls.key";

/** `spec.auth`: secrets of authentication. Who decides is said in `spec.config.jwtVerifier`. */
export const auth = z.strictObject({
  publishKeysSecret: objectName
    .optional()
    .describe(
      "Secret in this namespace whose every entry is a publish key: its name the id, its value the key alone, or TOML or JSON with secret, topics and expires. Default: the Secret <name>-publish-key with one generated key.",
    ),
  verifier: z
    .strictObject({
      headersSecret: objectName
        .optional()
        .describe("Secret whose key headers holds `Name: value` lines that are sent with every call of the verifier."),
      caSecret: objectName
        .optional()
        .describe("Secret with the key ca.crt: who may vouch for the verifier, instead of the public authorities."),
      clientSecret: objectName
        .optional()
        .describe(`Secret with ${tlsKeys}: the certificate that the proxies show to the verifier (mTLS).`),
    })
    .optional()
    .describe("How the verifier of config.jwtVerifier is called. Each is read anew when its Secret changes."),
});

/** `spec.tls`: TLS of the data plane. */
export const tls = z.strictObject({
  secret: objectName.describe(
    `Secret in this namespace with ${tlsKeys}, as cert-manager writes it. The port http then speaks HTTPS; a renewed certificate is taken while streams go on.`,
  ),
});
