import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../host/command.ts";

const DAYS = "365";

export type Leaf = {
  /** File name without extension. */
  name: string;
  /** As openssl writes it: `/O=group/CN=name`. */
  subject: string;
  /** Subject alternative names, as `DNS:localhost` or `IP:127.0.0.1`; empty for a client. */
  hosts: readonly string[];
};

/**
 * Writes a certificate authority (`ca.crt`, `ca.key`), the leaves it signs (`<name>.crt`, `<name>.key`), and the key pair
 * that signs service account tokens (`sa.key`, `sa.pub`). All EC P-256: an RSA key alone costs up to a second.
 */
export async function writeCertificates(folder: string, leaves: readonly Leaf[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await Promise.all([
    writeFile(join(folder, "openssl.cnf"), "[req]\ndistinguished_name = dn\n[dn]\n"),
    writeServiceAccountKeys(folder),
  ]);
  await issue(folder, "ca", "/CN=revenprox-local", [
    ...extension("basicConstraints=critical,CA:TRUE"),
    ...extension("keyUsage=critical,digitalSignature,keyCertSign,cRLSign"),
  ]);
  await Promise.all(leaves.map((leaf) => issue(folder, leaf.name, leaf.subject, leafArguments(folder, leaf))));
}

function leafArguments(folder: string, leaf: Leaf): string[] {
  const names = leaf.hosts.length === 0 ? [] : extension(`subjectAltName=${leaf.hosts.join(",")}`);
  return [
    "-CA",
    join(folder, "ca.crt"),
    "-CAkey",
    join(folder, "ca.key"),
    ...extension("basicConstraints=critical,CA:FALSE"),
    ...extension("keyUsage=critical,digitalSignature"),
    ...extension("extendedKeyUsage=serverAuth,clientAuth"),
    ...names,
  ];
}

const extension = (text: string): string[] => ["-addext", text];

async function issue(folder: string, name: string, subject: string, more: readonly string[]): Promise<void> {
  const files = ["-keyout", join(folder, `${name}.key`), "-out", join(folder, `${name}.crt`)];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const config = ["-config", join(folder, "openssl.cnf")];
  await command("openssl", ["req", "-x509", ...config, ...key, ...files, "-days", DAYS, "-subj", subject, ...more]);
}

async function writeServiceAccountKeys(folder: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await Promise.all([
    writeFile(join(folder, "sa.key"), privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 }),
    writeFile(join(folder, "sa.pub"), publicKey.export({ type: "spki", format: "pem" })),
  ]);
}
