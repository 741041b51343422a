import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

/** Where a certificate chain and its key lie, both PEM. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The files and what was read from them. */
export interface Certificate extends CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate or key that cannot be used; the message names the file. */
export class CertificateUnusable extends Error {
  override readonly name = "CertificateUnusable";
}

const read = async (file: string): Promise<string> => {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new CertificateUnusable(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
};

const parsed = <T>(parse: () => T, fault: string): T => {
  try {
    return parse();
  } catch (cause) {
    throw new CertificateUnusable(fault, { cause });
  }
};

/** Reads both files and checks that they belong together. Throws `CertificateUnusable`. */
export const readCertificate = async ({ certFile, keyFile }: CertificateFiles): Promise<Certificate> => {
  const [cert, key] = await Promise.all([read(certFile), read(keyFile)]);
  const certificate = parsed(() => new X509Certificate(cert), `${certFile} holds no certificate in PEM`);
  const privateKey = parsed(() => createPrivateKey(key), `${keyFile} holds no private key in PEM without a passphrase`);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CertificateUnusable(`the key in ${keyFile} does not belong to the certificate in ${certFile}`);
  }
  return { certFile, keyFile, cert, key };
};
