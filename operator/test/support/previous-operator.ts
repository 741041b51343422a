import { readFile } from "node:fs/promises";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { secretsToCreate } from "../../src/desired/secrets.ts";
import { applyObject } from "../../src/kube/apply.ts";
import { createDriftMemory } from "../../src/kube/drift-memory.ts";
import { createSecrets } from "../../src/kube/secrets.ts";
import { ObjectStore } from "../../src/kube/store.ts";
import type { DesiredObject } from "../../src/reconcile/ports.ts";
import type { TestCluster } from "./cluster.ts";

const manager = "revenprox-operator";
const folder = new URL("../../../e2e/upgrade/children-0.1.0/", import.meta.url);

/** What the operator 0.1.0 made of the RevenProx `apps/web` with the spec of one of its golden files. */
export const previousChildren = async (golden: string): Promise<readonly DesiredObject[]> =>
  JSON.parse(await readFile(new URL(`${golden}.json`, folder), "utf8")) as readonly DesiredObject[];

/** Follows Secrets, whose values are random: as the operator wrote them for these. */
const withRevisions = (object: DesiredObject, revisions: Readonly<Record<string, string | undefined>>): DesiredObject =>
  JSON.parse(
    JSON.stringify(object, (key, value: unknown) => (key in revisions ? revisions[key] : value)),
  ) as DesiredObject;

/** Does to a RevenProx what the operator 0.1.0 did, in the way in which it wrote, and says so in the status. */
export const playPrevious = async ({ client }: TestCluster, revenprox: RevenProx, golden: string): Promise<void> => {
  const now = () => performance.now();
  const secrets = createSecrets({ client, now, manager });
  let next = 0;
  await secrets.ensure(
    revenprox,
    secretsToCreate(revenprox, (bytes) => `${next++}`.padStart(bytes, "x")),
  );
  const { natsUsers, natsCredentials } = await secrets.facts(revenprox);
  const store = new ObjectStore(() => undefined);
  for (const object of await previousChildren(golden)) {
    if (/^(monitoring|gateway)\./.test(object.apiVersion)) continue;
    const asWritten = withRevisions(object, {
      "revenprox.io/nats-users-revision": natsUsers.revision,
      "revenprox.io/nats-user-revision": natsCredentials?.revision,
    });
    const dependencies = { client, store, drift: createDriftMemory(), manager, now };
    const outcome = await applyObject(dependencies, revenprox, asWritten);
    if (outcome.kind !== "created")
      throw new Error(`${object.kind} ${object.metadata.name}: ${JSON.stringify(outcome)}`);
  }
  const { name, namespace, generation } = revenprox.metadata;
  await client.request({
    method: "PATCH",
    path: `/apis/${revenprox.apiVersion}/namespaces/${namespace}/revenproxes/${name}/status`,
    query: { fieldManager: manager, force: "true" },
    contentType: "application/apply-patch+yaml",
    body: {
      apiVersion: revenprox.apiVersion,
      kind: revenprox.kind,
      metadata: { name, namespace },
      status: {
        observedGeneration: generation,
        defaultImages: { proxy: "localhost/revenprox-proxy:test", nats: "localhost/revenprox-nats:test" },
      },
    },
  });
};
