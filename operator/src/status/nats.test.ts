import { externalWithCredentials } from "../testing/alternatives.ts";
import { settledInput, unreadyPod, withWorkload } from "../testing/live.ts";
import {
  crashed,
  cutOff,
  external,
  natsPod,
  none,
  startedAgo,
  testCases,
  waiting,
  withOutcome,
  without,
} from "../testing/status-case.contract.ts";

const unschedulableNats = (message: string) => {
  const spec = { nats: { managed: { storage: { className: "fast-ssd" } } } };
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
  const pod = unreadyPod("revenprox-nats", {}, { conditions: [condition], containerStatuses: [] });
  return withWorkload(settledInput(spec, { unknownStorageClass: "fast-ssd" }), "StatefulSet", none, [pod]);
};

const login = {
  field: "spec.nats.external.credentialsSecret",
  name: "nats-login",
  keys: ["username", "password"],
  exists: false,
};

testCases([
  {
    name: "image of NATS not pullable",
    input: natsPod(waiting("ErrImagePull")),
    says: { NatsReady: "False ImagePullFailed", Ready: "False ImagePullFailed", Reconciling: "True Progressing" },
    naming: ["web-nats-0"],
  },
  {
    name: "NATS without servers yet",
    input: { ...settledInput({}), observed: { objects: [], pods: [] } },
    says: { NatsReady: "False Creating", Ready: "False NatsCreating", Reconciling: "True Progressing" },
  },
  {
    name: "NATS not ready",
    input: withWorkload(settledInput({}), "StatefulSet", none),
    says: { NatsReady: "False ServersNotReady", Ready: "False NatsServersNotReady" },
  },
  {
    name: "pods of NATS refused",
    input: withWorkload(settledInput({}), "StatefulSet", { replicas: 0, ...none }),
    says: { NatsReady: "False ServersNotReady", Ready: "False NatsServersNotReady" },
    naming: ["describe statefulset"],
  },
  {
    name: "two of three NATS servers",
    input: withWorkload(settledInput({ nats: { managed: { replicas: 3 } } }), "StatefulSet", {
      readyReplicas: 2,
      availableReplicas: 2,
    }),
    says: { NatsReady: "True Degraded", Ready: "False Progressing" },
    naming: ["2 of 3"],
  },
  {
    name: "one of three NATS servers",
    input: withWorkload(settledInput({ nats: { managed: { replicas: 3 } } }), "StatefulSet", {
      readyReplicas: 1,
      availableReplicas: 1,
    }),
    says: { NatsReady: "False ServersNotReady" },
  },
  {
    name: "NATS whose disk is full",
    input: {
      ...settledInput({}),
      natsServers: [
        { name: "web-nats-0", fault: "JetStream stream 'R > J' write error: no space left on device", leads: [] },
      ],
    },
    says: { NatsReady: "False StorageFailed", Ready: "False NatsStorageFailed", Reconciling: "True Progressing" },
    naming: ["web-nats-0", "no space left on device", "Make room"],
  },
  {
    name: "one of three NATS servers is not current",
    input: {
      ...settledInput({ nats: { managed: { replicas: 3 } } }),
      natsServers: [{ name: "web-nats-1", fault: "not current", leads: [] }],
    },
    says: { NatsReady: "True Degraded", Ready: "True Ready" },
    naming: ["web-nats-1: not current"],
  },
  {
    name: "two of three NATS servers are not current",
    input: {
      ...settledInput({ nats: { managed: { replicas: 3 } } }),
      natsServers: ["web-nats-1", "web-nats-2"].map((name) => ({ name, fault: "not current", leads: [] })),
    },
    says: { NatsReady: "False JournalNotCurrent", Ready: "False NatsJournalNotCurrent" },
  },
  {
    name: "external NATS reached",
    input: settledInput(external),
    says: { NatsReady: "True Connected", JournalDurable: "Unknown ExternalNats", Ready: "True Ready" },
  },
  {
    name: "external NATS not reached",
    input: withWorkload(settledInput(external), "Deployment", none, [unreadyPod("revenprox", startedAgo(10))]),
    says: {
      NatsReady: "False Unreachable",
      Ready: "False NatsUnreachable",
      Reconciling: "True Progressing",
      Stalled: "False NotStalled",
    },
    naming: [
      "nats://a.example:4222",
      "tls://b.example:4222",
      "JetStream",
      "namespace apps",
      "credentialsSecret is not set",
    ],
  },
  {
    name: "external NATS not reached yet",
    input: withWorkload(settledInput(external), "Deployment", none, [unreadyPod("revenprox", startedAgo(9))]),
    says: { NatsReady: "Unknown WaitingForProxies", Ready: "False Progressing" },
  },
  {
    name: "external NATS, proxies that crash tell nothing",
    input: withWorkload(settledInput(external), "Deployment", none, [
      unreadyPod("revenprox", { ...startedAgo(60), lastState: { terminated: crashed } }),
    ]),
    says: { NatsReady: "Unknown WaitingForProxies", Ready: "False PodCrashing" },
  },
  {
    name: "external NATS without proxies",
    input: settledInput({ ...external, replicas: 0 }),
    says: { NatsReady: "Unknown NoProxies", Ready: "True Ready" },
  },
  {
    name: "credentials missing",
    input: withWorkload(settledInput(externalWithCredentials, without(login)), "Deployment", none),
    says: { NatsReady: "False SecretMissing", Ready: "False SecretMissing" },
    naming: ["nats-login", "username and password"],
  },
  {
    name: "credentials that are missing since proxies are connected",
    input: settledInput(externalWithCredentials, without(login)),
    says: { NatsReady: "True Connected", Ready: "True Ready" },
  },
  {
    name: "external NATS that all proxies have lost, and their credentials",
    input: { ...settledInput(externalWithCredentials, without(login)), ...cutOff(2) },
    says: { NatsReady: "False SecretMissing", Ready: "False SecretMissing" },
  },
  {
    name: "external NATS that all proxies have lost",
    input: { ...settledInput(external), ...cutOff(2) },
    says: { NatsReady: "False Unreachable", Ready: "False NatsUnreachable", Available: "True ProxiesReady" },
    naming: ["any more", "nats://a.example:4222", "503"],
  },
  {
    name: "external NATS that no proxy has had yet",
    input: {
      ...withWorkload(settledInput(external), "Deployment", none, [unreadyPod("revenprox", startedAgo(9))]),
      ...cutOff(2),
    },
    says: { NatsReady: "Unknown WaitingForProxies", Ready: "False Progressing" },
  },
  {
    name: "external NATS that one of two proxies has lost",
    input: { ...settledInput(external), ...cutOff(1) },
    says: { NatsReady: "True Connected", Ready: "True Ready" },
  },
  {
    name: "managed NATS that runs and no proxy reaches",
    input: { ...settledInput({}), ...cutOff(3) },
    says: { NatsReady: "False Unreachable", Ready: "False NatsUnreachable" },
    naming: ["1 of 1 NATS servers are ready. No proxy reaches them", "NetworkPolicies"],
  },
  {
    name: "a StorageClass that does not exist",
    input: unschedulableNats("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"),
    says: {
      NatsReady: "False StorageClassMissing",
      Ready: "False StorageClassMissing",
      JournalDurable: "Unknown NoVolume",
    },
    naming: ["StorageClass fast-ssd", "spec.nats.managed.storage.className", "Create it"],
  },
  {
    name: "a StorageClass that has gone since",
    input: unschedulableNats("0/1 nodes are available: 1 Insufficient cpu."),
    says: { NatsReady: "False Unschedulable", JournalDurable: "True PersistentVolume" },
    naming: ["spec.nats.managed.resources"],
  },
  {
    name: "a spec that cannot be carried out",
    input: {
      ...withOutcome(settledInput({}), {
        kind: "refused",
        ref: { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", name: "web" },
        status: 422,
        reason: "Error",
        message: "too small",
      }),
      desired: [],
      observed: { objects: [], pods: [] },
    },
    says: { Stalled: "True InvalidSpec", NatsReady: "False NotMade", JournalDurable: "Unknown NotMade" },
  },
  {
    name: "no StorageClass",
    input: settledInput({}, { defaultStorageClass: undefined }),
    says: { JournalDurable: "False EmptyDir", Ready: "True Ready" },
    naming: ["nats.managed.storage.className"],
  },
  {
    name: "journal off",
    input: settledInput({ config: { journal: { enabled: false } } }),
    says: { NatsReady: "True Ready", JournalDurable: "False JournalOff", Ready: "True Ready" },
  },
  {
    name: "journal larger than its volume",
    input: settledInput({ config: { journal: { maxBytes: 5_000_000_000 } } }),
    says: { JournalDurable: "True PersistentVolume" },
    naming: ["5000000000", "858993459", "2Gi"],
  },
]);
