import type { MissingSecret, StatusInput } from "../reconcile/ports.ts";
import { settledInput, withWorkload } from "../testing/live.ts";
import { none, testCases } from "../testing/status-case.contract.ts";

const lacking = (missing: MissingSecret, spec: unknown): StatusInput => {
  const { secrets } = settledInput({}).facts;
  return settledInput(spec, { secrets: { ...secrets, missing: [missing] } });
};

const keys: MissingSecret = { field: "spec.auth.publishKeysSecret", name: "shop", keys: [], exists: false };
const certificate: MissingSecret = {
  field: "spec.tls.secret",
  name: "web-tls",
  keys: ["tls.crt", "tls.key"],
  exists: false,
};
const ownKeys = { auth: { publishKeysSecret: "shop" } };
const tls = { tls: { secret: "web-tls" } };

testCases([
  {
    name: "an absent Secret is named while the proxies wait for it",
    input: withWorkload(lacking(keys, ownKeys), "Deployment", none),
    says: {
      Ready: "False SecretMissing",
      AuthenticationConfigured: "False SecretMissing",
      Stalled: "False NotStalled",
    },
    naming: ["Secret shop", "spec.auth.publishKeysSecret", "Create it."],
  },
  {
    name: "with the keys that it must have",
    input: withWorkload(lacking(certificate, tls), "Deployment", none),
    says: { Ready: "False SecretMissing", AuthenticationConfigured: "False PublishKeyOnly" },
    naming: ["does not exist. Create it with the keys tls.crt and tls.key."],
  },
  {
    name: "or with what it lacks",
    input: withWorkload(lacking({ ...certificate, keys: ["tls.key"], exists: true }, tls), "Deployment", none),
    says: { Ready: "False SecretMissing" },
    naming: ["lacks the key tls.key"],
  },
  {
    name: "proxies that run go on without it",
    input: lacking(keys, ownKeys),
    says: { Ready: "True Ready", AuthenticationConfigured: "False SecretMissing" },
  },
  {
    name: "publishing needs a key of the user's Secret",
    input: settledInput(ownKeys),
    says: { AuthenticationConfigured: "False PublishKeyOnly" },
    naming: ["Secret shop"],
  },
]);
