import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes a kubeconfig for `https://…` whose user is the certificate `<identity>.crt` of the folder `pki`; all embedded. */
export async function writeKubeconfig(file: string, url: string, pki: string, identity: string): Promise<void> {
  const embed = async (name: string) => (await readFile(join(pki, name))).toString("base64");
  const [authority, certificate, key] = await Promise.all([
    embed("ca.crt"),
    embed(`${identity}.crt`),
    embed(`${identity}.key`),
  ]);
  const name = "revenprox-local";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": authority } }],
    users: [{ name, user: { "client-certificate-data": certificate, "client-key-data": key } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  // JSON is YAML too, and needs no library to write.
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

/** The apiserver's address in a kubeconfig that `writeKubeconfig` wrote. */
export async function readServerUrl(file: string): Promise<string> {
  const config = JSON.parse(await readFile(file, "utf8")) as { clusters: { cluster: { server: string } }[] };
  const server = config.clusters[0]?.cluster.server;
  if (server === undefined) throw new Error(`${file} names no cluster`);
  return server;
}
