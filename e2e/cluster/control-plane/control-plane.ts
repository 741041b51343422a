import { rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { kubernetes } from "../build/kubernetes.ts";
import { makeApiClient, waitForReady } from "./api-client.ts";
import { apiServerFlags, etcdFlags } from "./api-server.ts";
import { writeCertificates } from "./certificates.ts";
import { startChild } from "./child.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { makeScratchFolder } from "./scratch-folder.ts";

const ADDRESS = "127.0.0.1";
/** It takes seconds; on a machine with much other work a minute. */
const READY_WITHIN_MS = 150_000;
const PORT_TRIES = 4;
const PORT_PAUSE_MS = 500;

export type ControlPlane = {
  /** Path of a kubeconfig with all rights. */
  kubeconfig: string;
  url: string;
  /** Path of kubectl of the same version. */
  kubectl: string;
  /** One JSON audit event (audit.k8s.io/v1, level Metadata) a line, written at once; there with `audit: true` only. */
  auditLog: string | undefined;
  /** Ends both and removes their folder. */
  stop(): Promise<void>;
  /** kill -9 of the apiserver; etcd goes on. */
  kill(): Promise<void>;
  /** Starts the apiserver again on the same port and etcd; resolves when it is ready. */
  restart(): Promise<void>;
  /** Stops etcd where it is: the apiserver waits for it. */
  freezeEtcd(): void;
  /** Lets etcd go on. */
  thawEtcd(): void;
};

export type ControlPlaneOptions = {
  /** Write an audit log, so that a test can count requests. */
  audit?: boolean;
  /** More flags for kube-apiserver, as `--flag=value`. */
  apiServerFlags?: readonly string[];
};

/**
 * Starts etcd and kube-apiserver alone on 127.0.0.1, on free ports, in a temporary folder; about 3 s. Several may run at once.
 * They end with this process. Nothing schedules or runs pods, and no controller collects garbage.
 * Throws with the end of the failing program's log.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  return whilePortsAreTaken(() => launch(options));
}

/** A port that was free a moment ago may be another program's by now. */
async function whilePortsAreTaken<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes("address already in use");
      if (!isTaken || attempt === PORT_TRIES) throw error;
      await delay(PORT_PAUSE_MS);
    }
  }
}

async function launch(options: ControlPlaneOptions): Promise<ControlPlane> {
  const programs = await kubernetes();
  const folder = makeScratchFolder();
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeAtExit);
  const plan = await prepare(folder, options);
  const etcd = startChild(join(programs, "etcd"), plan.etcdFlags, join(folder, "etcd.log"));
  const startApiServer = () =>
    startChild(join(programs, "kube-apiserver"), plan.apiServerFlags, join(folder, "apiserver.log"));
  let apiServer = startApiServer();
  const ready = () => waitForReady(plan.client, READY_WITHIN_MS, () => etcd.failure() ?? apiServer.failure());
  const kill = () => apiServer.end("SIGKILL");
  const stop = async () => {
    await Promise.all([kill(), etcd.end("SIGKILL")]);
    await rm(folder, { recursive: true, force: true });
    process.off("exit", removeAtExit);
  };
  const restart = async () => {
    await kill();
    await whilePortsAreTaken(async () => {
      apiServer = startApiServer();
      await ready();
    });
  };
  try {
    await ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kubeconfig: plan.kubeconfig,
    url: plan.url,
    kubectl: join(programs, "kubectl"),
    auditLog: plan.auditLog,
    stop,
    kill,
    restart,
    freezeEtcd: () => etcd.signal("SIGSTOP"),
    thawEtcd: () => etcd.signal("SIGCONT"),
  };
}

async function prepare(folder: string, options: ControlPlaneOptions) {
  const [etcdPort, peerPort, port] = await freePorts();
  const [pki, kubeconfig] = [join(folder, "pki"), join(folder, "kubeconfig")];
  const url = `https://${ADDRESS}:${port}`;
  const etcdUrl = `http://${ADDRESS}:${etcdPort}`;
  await writeCertificates(pki, [
    { name: "apiserver", subject: "/CN=kube-apiserver", hosts: [`IP:${ADDRESS}`, "DNS:localhost"] },
    { name: "admin", subject: "/O=system:masters/CN=admin", hosts: [] },
  ]);
  await writeKubeconfig(kubeconfig, url, pki, "admin");
  const auditLog = options.audit === true ? join(folder, "audit.log") : undefined;
  const flags = [
    ...apiServerFlags({ address: ADDRESS, port, etcdUrl, pki, serviceRange: "10.96.0.0/16" }),
    // A loopback address cannot be the endpoint of the `kubernetes` Service.
    "--endpoint-reconciler-type=none",
    // Without controllers no default ServiceAccount appears, and this plugin would refuse every pod.
    "--disable-admission-plugins=ServiceAccount",
    ...(auditLog === undefined ? [] : await auditFlags(folder, auditLog)),
    ...(options.apiServerFlags ?? []),
  ];
  return {
    url,
    kubeconfig,
    auditLog,
    client: await makeApiClient(url, pki),
    etcdFlags: etcdFlags(join(folder, "etcd"), etcdUrl, `http://${ADDRESS}:${peerPort}`),
    apiServerFlags: flags,
  };
}

async function auditFlags(folder: string, auditLog: string): Promise<string[]> {
  const policy = join(folder, "audit-policy.json");
  const rules = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [{ level: "Metadata" }],
  };
  await writeFile(policy, JSON.stringify(rules));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog}`, "--audit-log-mode=blocking"];
}

/** Three ports that are free now, all held open until each is known, so that they differ. */
async function freePorts(): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()];
  const ports = await Promise.all(servers.map(listenAnywhere));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [first = 0, second = 0, third = 0] = ports;
  return [first, second, third];
}

function listenAnywhere(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, ADDRESS, () => {
      const bound = server.address();
      if (bound === null || typeof bound === "string") reject(new Error(`no port on ${ADDRESS}`));
      else resolve(bound.port);
    });
  });
}
