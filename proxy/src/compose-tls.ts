import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { Log } from "./hub/ports.ts";
import { systemClock } from "./system-clock.ts";
import { type Certificate, readCertificate } from "./tls/certificate-files.ts";
import { CertificateWatch } from "./tls/certificate-watch.ts";

type TlsKeys = Pick<ProxyConfig["http"], "tlsCertFile" | "tlsKeyFile">;

/** The certificate that a section names; undefined where it names none. Throws `CertificateUnusable`. */
export const certificateOf = async ({ tlsCertFile, tlsKeyFile }: TlsKeys): Promise<Certificate | undefined> =>
  tlsCertFile === undefined || tlsKeyFile === undefined
    ? undefined
    : readCertificate({ certFile: tlsCertFile, keyFile: tlsKeyFile });

/** Follows a certificate's files; does nothing where there is none. */
export const followCertificate = (
  certificate: Certificate | undefined,
  use: (certificate: Certificate) => void,
  log: Log,
): { stop(): void } | undefined => {
  if (certificate === undefined) return undefined;
  const watch = new CertificateWatch({ certificate, use, log, clock: systemClock });
  watch.start();
  return watch;
};
