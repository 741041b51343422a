import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface CertificatePaths {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Has openssl make a key and a certificate for 127.0.0.1 and localhost that it signs itself; `name` becomes the subject and the files' name. */
export const makeCertificate = async (folder: string, name: string): Promise<CertificatePaths> => {
  const paths = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", paths.keyFile];
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2"];
  await run("openssl", ["req", "-x509", ...key, "-out", paths.certFile, ...subject]);
  return paths;
};
