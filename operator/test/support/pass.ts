import { desired } from "../../src/desired/index.ts";
import { secretsToCreate } from "../../src/desired/secrets.ts";
import { createHealer } from "../../src/healing/healer.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { createCluster } from "../../src/kube/cluster.ts";
import { createDiscovery } from "../../src/kube/discovery.ts";
import { createEventRecorder } from "../../src/kube/events.ts";
import { coreTargets, pathOf } from "../../src/kube/kinds.ts";
import { createNatsServers } from "../../src/kube/nats-servers.ts";
import { keyOf, parseLiveObject } from "../../src/kube/object.ts";
import { createScalingOutside } from "../../src/kube/scaling-outside.ts";
import { systemScheduler } from "../../src/kube/scheduler.ts";
import { createSecrets } from "../../src/kube/secrets.ts";
import { ObjectStore } from "../../src/kube/store.ts";
import type { Outcome } from "../../src/reconcile/outcome.ts";
import { createPasses } from "../../src/reconcile/passes.ts";
import { reconcile } from "../../src/reconcile/reconcile.ts";
import { report } from "../../src/reconcile/report.ts";
import { createScaler } from "../../src/scaling/scaler.ts";
import { readSettings } from "../../src/settings.ts";
import { status } from "../../src/status/index.ts";
import { images } from "./operator.ts";

const settings = readSettings(images);
const manager = settings.fieldManager;

/** What the watches of a new operator would have seen of one resource. */
const storeOf = async (direct: KubeClient, namespace: string, name: string): Promise<ObjectStore> => {
  const store = new ObjectStore(() => undefined);
  const own = `app.kubernetes.io/instance=${name}`;
  const lists = coreTargets.map(async ({ kind, labelSelector }) => {
    const query =
      labelSelector === undefined
        ? { fieldSelector: `metadata.name=${name}` }
        : { labelSelector: `${labelSelector},${own}` };
    const answer = await direct.request({ method: "GET", path: pathOf(kind, namespace), query });
    const { items } = answer as { readonly items: readonly unknown[] };
    for (const item of items) store.put(kind, parseLiveObject(item, kind, manager));
  });
  await Promise.all(lists);
  return store;
};

/**
 * A pass and its report as a new operator makes them, which knows nothing but what is in the API server. Its calls go
 * through `client`, what its watches would show comes from `direct`.
 */
export const freshPass = async (
  { client, direct }: { readonly client: KubeClient; readonly direct: KubeClient },
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<readonly Outcome[]> => {
  const store = await storeOf(direct, namespace, name);
  const { now } = systemScheduler;
  const secrets = createSecrets({ client, now, manager });
  const cluster = createCluster({
    client,
    store,
    discovery: createDiscovery({
      client,
      scheduler: systemScheduler,
      onChange: () => undefined,
      onFailed: () => undefined,
    }),
    secrets,
    secretsToCreate,
    clock: () => new Date(),
    manager,
    now,
    readPrometheuses: async () => undefined,
    servedSchema: { skew: undefined },
    storageClasses: {
      defaultName: async () => undefined,
      exists: async () => undefined,
      expandable: async () => undefined,
    },
    readWorkload: () => undefined,
    scaling: createScalingOutside({ client, store, manager, readLoads: async () => [] }),
    rollout: async (_, wanted) => ({ replicas: wanted, paused: false, outcomes: [] }),
    natsServers: createNatsServers({
      store,
      ask: () => Promise.reject(new Error("no pod runs here")),
      now,
      onChange: () => undefined,
    }),
    record: createEventRecorder({ client, manager, clock: () => new Date(), onLost: () => undefined }),
  });
  const dependencies = {
    cluster,
    settings: settings.operator,
    desired,
    status,
    now: () => new Date(),
    passes: createPasses(),
    scaler: createScaler({ now, onDecided: () => undefined }),
    healer: createHealer({ now, onAiling: () => undefined }),
    askForReport: () => undefined,
  };
  const key = keyOf(namespace, name);
  return [await reconcile(dependencies, key), await report(dependencies, key)];
};
