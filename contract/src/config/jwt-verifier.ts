import { z } from "zod";
import { hasVerifier } from "./has-verifier.ts";
import { cold, live, operated } from "./key.ts";

/** Neither user name nor query: secrets belong into webhook_headers_file, since a URL is shown where a header is not. */
const upstreamUrl = z
  .string()
  .max(512)
  .regex(
    /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/,
    "must be an http or https URL without user name, password, query or fragment",
  );

/** What a token may be signed with. Symmetric algorithms are left out: their verifying key could sign as well. */
const signatureAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** `[jwt_verifier]`: who decides which token may read or publish. Without webhook_url and jwks_url nobody is asked. */
export const jwtVerifierSection = z
  .strictObject({
    webhookUrl: cold(
      upstreamUrl.optional(),
      'URL that is asked by POST {jwt, topic, topic_name, action: "subscribe" | "publish"} and answers {valid, exp?, sub?, topics?, reason?, cache_ttl_sec?}. topic is the topic\'s id (32 hex digits). 4xx means no; 5xx, time-outs, redirects and anything else are failures.',
    ),
    jwksUrl: cold(
      upstreamUrl.optional(),
      "URL of a JSON Web Key Set: tokens are JWTs whose signature, exp and nbf are checked here (30 seconds of clock tolerance). Together with webhook_url a token must pass both.",
    ),
    issuer: cold(z.string().min(1).max(512).optional(), "Required iss claim. Needs jwks_url."),
    audience: cold(z.string().min(1).max(512).optional(), "Required aud claim. Needs jwks_url."),
    algorithms: cold(
      z
        .array(z.enum(signatureAlgorithms, { error: `must be one of ${signatureAlgorithms.join(", ")}` }))
        .min(1)
        .max(signatureAlgorithms.length)
        .default(["RS256", "ES256", "EdDSA"]),
      "Signature algorithms that are accepted; all of them asymmetric.",
    ),
    topicsClaim: cold(
      z.string().min(1).max(256).optional(),
      "Claim with the topics a token may read: an array of names, or of prefixes that end in `*`. Unset: all topics. Needs jwks_url.",
    ),
    publishTopicsClaim: cold(
      z.string().min(1).max(256).optional(),
      "Claim with the topics a token may publish to, as in topics_claim. Unset: the webhook decides, and without a webhook no token publishes. Needs jwks_url.",
    ),
    requireAuthentication: live(
      z.boolean().optional(),
      "Whether a stream needs a token. Unset: yes where webhook_url or jwks_url is set. false: a stream without a token is open to everybody, a token that is given must be good.",
    ),
    timeoutMs: live(z.int().min(10).max(60_000).default(5_000), "Milliseconds one call of the verifier may take."),
    retryAttempts: live(
      z.int().min(0).max(10).default(3),
      "Times a failed call is made again, after 100, 200 and then each time 300 ms.",
    ),
    cacheTtlSec: live(
      z.int().min(1).max(86_400).default(300),
      "Seconds a verdict that allows is used again; the webhook's cache_ttl_sec goes before it, exp ends it. Open streams are checked again at its end.",
    ),
    negativeCacheTtlSec: live(z.int().min(0).max(3_600).default(10), "Seconds a verdict that denies is used again."),
    cacheMaxSize: cold(
      z.int().min(1).max(10_000_000).default(10_000),
      "Verdicts that are kept: so many that allow, and apart from them so many that deny.",
    ),
    circuitBreakerThreshold: cold(
      z.int().min(1).max(10_000).default(10),
      "Verifications in a row that must fail, retries included, before the verifier is no longer asked.",
    ),
    circuitBreakerTimeoutSec: cold(
      z.int().min(1).max(3_600).default(60),
      "Seconds until one call probes whether the verifier answers again. So long also lives a stream whose verdict cannot be renewed.",
    ),
    rateLimitPerSec: live(
      z.int().min(1).max(1_000_000).default(1_000),
      "Calls of the webhook each second. Half of them are kept for tokens that were good before; of the other half one client address gets at most half, so set http.trusted_proxies behind a load balancer.",
    ),
    webhookHeadersFile: operated(
      z.string().min(1).optional(),
      "File with headers for the webhook and the key set, one `Name: value` a line; read anew when it changes.",
    ),
    webhookCaFile: operated(
      z.string().min(1).optional(),
      "File with the PEM certificates that sign the verifier's certificate, instead of the system's.",
    ),
    webhookClientCertFile: operated(
      z.string().min(1).optional(),
      "File with the PEM certificate that this proxy shows to the verifier (mTLS). Needs webhook_client_key_file.",
    ),
    webhookClientKeyFile: operated(z.string().min(1).optional(), "File with the key of webhook_client_cert_file."),
    allowPrivateAddresses: cold(
      z.boolean().default(false),
      "Let the verifier be at a link-local or cloud metadata address (169.254.0.0/16, fe80::/10, fd00:ec2::254), by name or by number.",
    ),
  })
  .prefault({})
  .describe("Who decides which token may read or publish. Without webhook_url and jwks_url nobody is asked.");

export type JwtVerifierConfig = z.output<typeof jwtVerifierSection>;

/** Keys that mean nothing without another one, as the name of the key and what is missing. */
export const verifierFaults = (config: JwtVerifierConfig): readonly (readonly [keyof JwtVerifierConfig, string])[] => {
  const faults: [keyof JwtVerifierConfig, string][] = [];
  const check = (key: keyof JwtVerifierConfig, met: boolean, message: string): void => {
    if (config[key] !== undefined && !met) faults.push([key, message]);
  };
  for (const key of ["issuer", "audience", "topicsClaim", "publishTopicsClaim"] as const)
    check(key, config.jwksUrl !== undefined, "needs jwks_url");
  check("webhookClientCertFile", config.webhookClientKeyFile !== undefined, "needs webhook_client_key_file");
  check("webhookClientKeyFile", config.webhookClientCertFile !== undefined, "needs webhook_client_cert_file");
  if (config.requireAuthentication === true)
    check("requireAuthentication", hasVerifier(config), "needs webhook_url or jwks_url, else nobody could come in");
  return faults;
};
