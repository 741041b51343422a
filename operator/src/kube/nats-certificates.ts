import { objectLabels } from "@revenprox/contract/labels";
import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { natsCertificates, type WantedSecret } from "../certificates/nats-certificates.ts";
import type { Entries } from "../certificates/read-certificates.ts";
import { natsDnsNames } from "../desired/nats-dns-names.ts";
import { hasGeneratedTls } from "../desired/nats-plan.ts";
import type { ApplyOutcome } from "../reconcile/ports.ts";
import { failureOf } from "./apply.ts";
import type { Secret } from "./secret-facts.ts";
import { type Secrets, secretRef } from "./secrets.ts";

export interface CertificateDependencies {
  readonly secrets: Secrets;
  readonly clock: () => Date;
}

const textOf = (secret: Secret | undefined): Entries | undefined =>
  secret === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
      );

const isDone = ({ kind }: ApplyOutcome): boolean => kind === "unchanged" || kind === "created" || kind === "renewed";

/**
 * Makes the certificates of managed NATS that are absent, and renews those that are due; writes nothing otherwise. The
 * authority is written before what it signs: a pass that ends between the two is taken up by the next one. Never throws.
 */
export const ensureCertificates = async (
  { secrets, clock }: CertificateDependencies,
  revenprox: RevenProx,
): Promise<readonly ApplyOutcome[]> => {
  if (!hasGeneratedTls(revenprox.spec)) return [];
  const { name, namespace } = revenprox.metadata;
  const { nats, natsAuthority, natsTls } = names(name);
  try {
    const [authority, server] = await Promise.all([
      secrets.read(namespace, natsAuthority),
      secrets.read(namespace, natsTls),
    ]);
    const wish = { now: clock(), name: nats, dnsNames: natsDnsNames(revenprox) };
    const present = { authority: textOf(authority), server: textOf(server) };
    const wanted = natsCertificates(present, wish);
    const bring = (secretName: string, live: Secret | undefined, { entries, news }: WantedSecret) => {
      if (live !== undefined) return secrets.replace(revenprox, live, { entries, news });
      const labels = objectLabels(name, "nats");
      return secrets.create(revenprox, { name: secretName, namespace, labels, stringData: entries });
    };
    const first = await bring(natsAuthority, authority, wanted.authority);
    return isDone(first) ? [first, await bring(natsTls, server, wanted.server)] : [first];
  } catch (error) {
    return [failureOf(secretRef(natsAuthority), error)];
  }
};
