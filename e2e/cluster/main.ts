import { spawnSync } from "node:child_process";
import { ensureDebianPackages } from "./build/debian-packages.ts";
import { helm } from "./build/helm.ts";
import { kubernetes } from "./build/kubernetes.ts";
import { natsServer } from "./build/nats-server.ts";
import { pauseImage, pauseProgram } from "./build/pause.ts";
import { startControlPlane } from "./control-plane/control-plane.ts";
import { NETWORK_NAMESPACE_FILE } from "./node/layout.ts";
import { attach, down, status, up } from "./node/up.ts";

const USAGE = `node e2e/cluster/main.ts COMMAND
  up                     start the local cluster; it stays until down
  status                 what is up, and who holds it
  run PROGRAM ARG...     run a program inside the cluster's network, with KUBECONFIG set
  down [--wipe]          end the cluster, or clean up what a crash left; --wipe: also forget imported images
  control-plane [--audit]  etcd and kube-apiserver alone, until Ctrl-C; no root needed
  nats-server | kubernetes | helm | pause | pause-image    build it if needed, and print its path
  packages               install the Debian packages that are missing`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const commands: Record<string, (args: string[]) => Promise<void>> = {
  up: async () => {
    const cluster = await up({ detached: true });
    print(`export KUBECONFIG=${cluster.kubeconfig}`);
    cluster.detach();
  },
  status: async () => print(JSON.stringify(await status(), null, 2)),
  run: runInside,
  down: (args) => down({ wipe: args.includes("--wipe") }),
  "control-plane": async (args) => runControlPlane(args.includes("--audit")),
  "nats-server": async () => print(await natsServer()),
  kubernetes: async () => print(await kubernetes()),
  helm: async () => print(await helm()),
  pause: async () => print(await pauseProgram()),
  "pause-image": async () => print(await pauseImage()),
  packages: () => ensureDebianPackages(),
};

async function runInside(args: string[]): Promise<void> {
  if (args.length === 0) throw new Error("run needs a program; for example: run kubectl get pods");
  const cluster = await attach();
  const env = {
    ...process.env,
    KUBECONFIG: cluster.insideKubeconfig,
    PATH: `${await kubernetes()}:${process.env["PATH"]}`,
  };
  const ended = spawnSync("nsenter", [`--net=${NETWORK_NAMESPACE_FILE}`, "--", ...args], { stdio: "inherit", env });
  process.exitCode = ended.status ?? 1;
}

async function runControlPlane(audit: boolean): Promise<void> {
  const { kubeconfig, url, auditLog, stop } = await startControlPlane({ audit });
  print(JSON.stringify({ kubeconfig, url, auditLog }));
  const hold = setInterval(() => undefined, 2 ** 30);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      clearInterval(hold);
      stop().catch(fail);
    });
  }
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

const [name = "", ...args] = process.argv.slice(2);
const chosen = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (chosen === undefined) fail(USAGE);
else chosen(args).catch(fail);
