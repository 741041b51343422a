import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { names } from "@revenprox/contract/names";
import type { Instance } from "../environment/instance.ts";
import type { Platform } from "../environment/platform.ts";

/** Where the children of 0.1.0 are at home: their configuration says so. */
export const previousPlace = { namespace: "apps", name: "web" } as const;

const children = new URL("children-0.1.0/empty.json", import.meta.url);
const manager = "revenprox-operator";

interface Child {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

interface Resource {
  readonly metadata: { readonly uid: string; readonly generation: number };
}

const sorted = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

const hashOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value, sorted)).digest("hex").slice(0, 16);

const ownerReferenceTo = ({ metadata }: Resource, name: string) => ({
  apiVersion: "revenprox.io/v1alpha1",
  kind: "RevenProx",
  name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

const randomText = (): string => randomBytes(24).toString("base64url");

/** Its generated Secrets; answers the revision of that of the NATS users, as the servers' pods carry it. */
const createSecrets = async (rvp: Instance, resource: Resource): Promise<string> => {
  const known = names(rvp.name);
  const secrets: readonly (readonly [name: string, keys: readonly string[]])[] = [
    [known.publishKey, ["default"]],
    [known.managementTokens, ["read", "admin"]],
    [known.natsUsers, ["proxy", "publisher", "admin"]],
  ];
  for (const [name, keys] of secrets) {
    const metadata = {
      name,
      labels: { "app.kubernetes.io/managed-by": manager, "app.kubernetes.io/instance": rvp.name },
      ownerReferences: [ownerReferenceTo(resource, rvp.name)],
    };
    const stringData = Object.fromEntries(keys.map((key) => [key, randomText()]));
    const secret = { apiVersion: "v1", kind: "Secret", type: "Opaque", metadata, stringData };
    await rvp.kubectl(["create", "--filename", "-"], JSON.stringify(secret));
  }
  const { metadata, data } = await rvp.get<{ metadata: { uid: string }; data: object }>("secret", known.natsUsers);
  return hashOf([metadata.uid, data]);
};

/** Does to a RevenProx `{}` what the operator 0.1.0 did, in the way in which it wrote, and says so in the status. */
export const playPrevious = async ({ images }: Platform, rvp: Instance): Promise<void> => {
  const resource = await rvp.get<Resource>("revenprox");
  const natsUsers = await createSecrets(rvp, resource);
  const text = (await readFile(children, "utf8"))
    .replaceAll("localhost/revenprox-proxy:test", images.proxy)
    .replaceAll("localhost/revenprox-nats:test", images.natsServer)
    .replaceAll('nats-users-revision": "1"', `nats-users-revision": "${natsUsers}"`);
  const serverSide = ["--server-side", "--field-manager", manager, "--filename", "-"];
  for (const child of JSON.parse(text) as readonly Child[]) {
    if (child.apiVersion.startsWith("monitoring.")) continue;
    const ownerReferences = [ownerReferenceTo(resource, rvp.name)];
    const owned = { ...child, metadata: { ...child.metadata, ownerReferences } };
    const annotations = { ...child.metadata.annotations, "revenprox.io/applied-hash": hashOf(owned) };
    await rvp.kubectl(
      ["apply", ...serverSide],
      JSON.stringify({ ...owned, metadata: { ...owned.metadata, annotations } }),
    );
  }
  const status = {
    observedGeneration: resource.metadata.generation,
    defaultImages: { proxy: images.proxy, nats: images.natsServer },
  };
  await rvp.kubectl([
    "patch",
    "revenprox",
    rvp.name,
    "--subresource=status",
    "--type=merge",
    "--patch",
    JSON.stringify({ status }),
  ]);
};
