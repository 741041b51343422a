import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyedCertificate } from "./certificate.ts";

/** Entries of a Secret, as text by key. */
export type Entries = Readonly<Record<string, string>>;

/** A certificate whose key fits it. */
export interface ReadCertificate extends KeyedCertificate {
  readonly x509: X509Certificate;
}

/** What the Secret of the certificate authority says. */
export interface Authorities {
  /** The one that signs, as soon as all have had the time to trust it. */
  readonly current: ReadCertificate;
  /** Those before it, which are trusted still. */
  readonly previous: readonly X509Certificate[];
  /** Key of the only one of `previous`; absent where that is lost. */
  readonly previousKey?: string;
}

/** What the Secret of the servers says. */
export interface ServerEntries extends ReadCertificate {
  /** Authorities that the servers and their clients trust. */
  readonly trusted: readonly X509Certificate[];
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const keyed = (certificate = "", key = ""): ReadCertificate | undefined => {
  try {
    const x509 = new X509Certificate(certificate);
    return x509.checkPrivateKey(createPrivateKey(key)) ? { certificate, key, x509 } : undefined;
  } catch {
    // Somebody has edited it: what cannot be read is as good as absent, and made anew.
    return undefined;
  }
};

const bundle = (text = ""): readonly X509Certificate[] => {
  try {
    return (text.match(pemBlock) ?? []).map((block) => new X509Certificate(block));
  } catch {
    // As above.
    return [];
  }
};

/** Undefined for what is absent or damaged. */
export const readAuthorities = (entries: Entries = {}): Authorities | undefined => {
  const current = keyed(entries["tls.crt"], entries["tls.key"]);
  if (current === undefined) return undefined;
  const previous = bundle(entries["previous.crt"]);
  const key = keyed(entries["previous.crt"], entries["previous.key"])?.key;
  return { current, previous, ...(key === undefined || previous.length > 1 ? {} : { previousKey: key }) };
};

/** Undefined for what is absent or damaged. */
export const readServer = (entries: Entries = {}): ServerEntries | undefined => {
  const own = keyed(entries["tls.crt"], entries["tls.key"]);
  return own === undefined ? undefined : { ...own, trusted: bundle(entries["ca.crt"]) };
};

/** `ca.crt` of the servers' Secret even where the rest of it is damaged. */
export const readTrusted = (entries: Entries = {}): readonly X509Certificate[] => bundle(entries["ca.crt"]);

export const bundleOf = (certificates: readonly X509Certificate[]): string =>
  certificates.map((each) => each.toString()).join("");

export const authorityEntries = ({ current, previous, previousKey }: Authorities): Entries => ({
  "tls.crt": current.certificate,
  "tls.key": current.key,
  ...(previous.length === 0 ? {} : { "previous.crt": bundleOf(previous) }),
  ...(previousKey === undefined ? {} : { "previous.key": previousKey }),
});

export const serverEntries = (
  { certificate, key }: KeyedCertificate,
  trusted: readonly X509Certificate[],
): Entries => ({ "tls.crt": certificate, "tls.key": key, "ca.crt": bundleOf(trusted) });
