import { X509Certificate } from "node:crypto";
import { type KeyedCertificate, type Lifetime, makeAuthority, makeServerCertificate } from "./certificate.ts";
import {
  type Authorities,
  authorityEntries,
  bundleOf,
  type Entries,
  type ReadCertificate,
  readAuthorities,
  readServer,
  readTrusted,
  type ServerEntries,
  serverEntries,
} from "./read-certificates.ts";

const dayMs = 86_400_000;
/** Days for which a certificate of the servers is good. A new one costs a restart of each, so it is no matter of weeks. */
export const serverDays = 365;
/** Part of that after which it is renewed: what keeps that from happening has four months to be seen and mended. */
const renewedAfter = 2 / 3;
export const authorityDays = 3_650;
/** Before its end; twice what it signs may last, so that nothing outlives who vouches for it. */
const authorityRenewedBeforeDays = 2 * serverDays;
/** For how long a new authority is only trusted: by then every server and every proxy has it. */
const trustedFirstDays = 7;
/** With the former authority's key lost, how long before the end of a certificate a new one is made all the same. */
const lastMomentDays = 1;
/** Clocks of other nodes may be behind by as much. */
const clockSlackMs = 300_000;

export interface CertificateWish {
  readonly now: Date;
  /** Common name of the servers. */
  readonly name: string;
  readonly dnsNames: readonly string[];
}

/** Both Secrets as text; undefined: absent. */
export interface PresentSecrets {
  readonly authority: Entries | undefined;
  readonly server: Entries | undefined;
}

/** What a Secret is to hold: `present` itself where nothing changes. */
export interface WantedSecret {
  readonly entries: Entries;
  /** What a person should hear of the change, for a Secret that exists. */
  readonly news: string;
}

export interface WantedSecrets {
  readonly authority: WantedSecret;
  readonly server: WantedSecret;
}

const lifetime = (now: Date, days: number, end = Number.POSITIVE_INFINITY): Lifetime => ({
  notBefore: new Date(now.getTime() - clockSlackMs),
  notAfter: new Date(Math.min(now.getTime() + days * dayMs, end)),
});

const endOf = ({ validTo }: X509Certificate): number => Date.parse(validTo);
const beginOf = ({ validFrom }: X509Certificate): number => Date.parse(validFrom);
/** Of a time to come: it was made by a clock that was ahead, and nobody takes it. */
const isAhead = (certificate: X509Certificate, { now }: CertificateWish): boolean =>
  beginOf(certificate) > now.getTime();
const isAlive =
  (wish: CertificateWish) =>
  (certificate: X509Certificate): boolean =>
    endOf(certificate) > wish.now.getTime() && !isAhead(certificate, wish);

const isServerDue = ({ x509 }: ReadCertificate, wish: CertificateWish): boolean =>
  isAhead(x509, wish) || wish.now.getTime() >= beginOf(x509) + (endOf(x509) - beginOf(x509)) * renewedAfter;

const isAuthorityDue = ({ x509 }: ReadCertificate, { now }: CertificateWish): boolean =>
  now.getTime() >= endOf(x509) - authorityRenewedBeforeDays * dayMs;

const isSignedBy = ({ x509 }: ReadCertificate, authority: X509Certificate): boolean => x509.verify(authority.publicKey);

const newAuthority = ({ name, now }: CertificateWish): ReadCertificate => {
  const made = makeAuthority(`${name} CA`, lifetime(now, authorityDays));
  return { ...made, x509: new X509Certificate(made.certificate) };
};

/** Who is to be trusted from now on; `known` itself where that does not change. */
const nextAuthorities = (
  known: Authorities | undefined,
  { server, trusted }: { readonly server: ServerEntries | undefined; readonly trusted: readonly X509Certificate[] },
  wish: CertificateWish,
): Authorities => {
  const isOfNoUse = known?.previous.length === 0 && isAhead(known.current.x509, wish);
  if (known === undefined || isOfNoUse) return { current: newAuthority(wish), previous: trusted.filter(isAlive(wish)) };
  const { current } = known;
  if (isAuthorityDue(current, wish))
    return { current: newAuthority(wish), previous: [current.x509], previousKey: current.key };
  // Nobody has shown a certificate of the former ones for as long as the present one has lasted.
  const isOver = server !== undefined && isServerDue(server, wish) && isSignedBy(server, current.x509);
  const previous = isOver ? [] : known.previous.filter(isAlive(wish));
  if (previous.length === known.previous.length) return known;
  return { current, previous, ...(previous.length === 0 ? {} : keyOf(known)) };
};

const keyOf = ({ previousKey }: Authorities) => (previousKey === undefined ? {} : { previousKey });

/** Who signs now; undefined: the key of the only one that all trust is lost, and the present certificate is good. */
const signer = (
  authorities: Authorities,
  server: ServerEntries | undefined,
  { now }: CertificateWish,
): KeyedCertificate | undefined => {
  const { current, previous, previousKey } = authorities;
  const isKnown = server === undefined || server.trusted.some(({ raw }) => raw.equals(current.x509.raw));
  const isTrusted = isKnown && now.getTime() - beginOf(current.x509) >= trustedFirstDays * dayMs;
  const [former] = previous;
  if (isTrusted || former === undefined) return current;
  if (previousKey !== undefined) return { certificate: former.toString(), key: previousKey };
  const canWait = server !== undefined && now.getTime() < endOf(server.x509) - lastMomentDays * dayMs;
  return canWait ? undefined : current;
};

const newServer = (authority: KeyedCertificate, { now, name, dnsNames }: CertificateWish): KeyedCertificate =>
  makeServerCertificate(authority, {
    commonName: name,
    dnsNames,
    lifetime: lifetime(now, serverDays, endOf(new X509Certificate(authority.certificate))),
  });

const day = (certificate: string): string =>
  new Date(endOf(new X509Certificate(certificate))).toISOString().slice(0, 10);

/**
 * What the Secrets of the authority and of the servers are to hold, generated where it is absent, damaged or due; the
 * same entries where nothing is. A new authority is trusted beside the former one when it is made, with a certificate of
 * the former one; it signs when the servers' certificate is renewed the next time; the former one is dropped the time
 * after. So everybody always trusts whoever is shown to him, and each step comes with a restart that is due anyway.
 */
export const natsCertificates = (present: PresentSecrets, wish: CertificateWish): WantedSecrets => {
  const known = readAuthorities(present.authority);
  const server = readServer(present.server);
  const authorities = nextAuthorities(known, { server, trusted: readTrusted(present.server) }, wish);
  const trusted = [authorities.current.x509, ...authorities.previous];
  const isDue =
    server === undefined ||
    isServerDue(server, wish) ||
    (known !== undefined && authorities.current !== known.current) ||
    !trusted.some((each) => isSignedBy(server, each));
  const authority = isDue ? signer(authorities, server, wish) : undefined;
  const shown = authority === undefined ? server : newServer(authority, wish);
  return {
    authority: authorityWish(present.authority, known, authorities),
    server: serverWish(present.server, shown ?? newServer(authorities.current, wish), trusted),
  };
};

const authorityWish = (
  present: Entries | undefined,
  known: Authorities | undefined,
  wanted: Authorities,
): WantedSecret => {
  if (present !== undefined && known === wanted) return { entries: present, news: "" };
  const isNew = known?.current !== wanted.current;
  const news = isNew
    ? `A new CA of the NATS servers is trusted beside the former one; it is good until ${day(wanted.current.certificate)}.`
    : "The former CA of the NATS servers is trusted no more: nothing of it is in use.";
  return { entries: authorityEntries(wanted), news };
};

const serverWish = (
  present: Entries | undefined,
  shown: KeyedCertificate,
  trusted: readonly X509Certificate[],
): WantedSecret => {
  const isSame = present?.["tls.crt"] === shown.certificate && present["tls.key"] === shown.key;
  if (present !== undefined && isSame && present["ca.crt"] === bundleOf(trusted)) return { entries: present, news: "" };
  const news = isSame
    ? "The NATS servers trust another set of CAs"
    : `The certificate of the NATS servers is renewed until ${day(shown.certificate)}`;
  return { entries: serverEntries(shown, trusted), news: `${news}; they are restarted one at a time.` };
};
