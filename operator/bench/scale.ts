import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { type AuditEvent, eventually, revenprox, startTestCluster, type TestCluster } from "../test/support/cluster.ts";
import { spawnOperator } from "../test/support/operator-process.ts";

/** How many RevenProx resources are created at once. */
const count = Number(process.argv[2] ?? "500");
const results = fileURLToPath(new URL("../../docs/results/operator-scale.md", import.meta.url));
const collection = "/apis/revenprox.io/v1alpha1/namespaces/default/revenproxes";

interface Listed {
  readonly items: readonly { readonly status?: RevenProxStatus }[];
}

/** Resources whose status speaks of their present generation with all children made. */
const converged = async (cluster: TestCluster): Promise<number> => {
  const { items } = (await cluster.get(collection)) as unknown as Listed;
  return items.filter(({ status }) => status?.observedGeneration === 1 && (status.children?.length ?? 0) > 5).length;
};

/** Resident memory of a process in MiB. */
const residentMiB = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
};

const callsByKind = (events: readonly AuditEvent[]): readonly [string, number][] => {
  const counts = new Map<string, number>();
  for (const { verb, objectRef } of events) {
    const name = `${verb} ${[objectRef?.resource, objectRef?.subresource].filter(Boolean).join("/")}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].filter(([, number]) => number >= 5).toSorted(([, left], [, right]) => right - left);
};

/** Calls of the operator's process; those of this program carry no name. */
const calls = async (cluster: TestCluster): Promise<readonly AuditEvent[]> =>
  (await cluster.operatorRequests()).filter(({ userAgent }) => userAgent?.includes("(") === true);

const create = async (cluster: TestCluster): Promise<void> => {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const body = revenprox(`scale-${next++}`);
      await cluster.client.request({ method: "POST", path: collection, body });
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
};

const measure = async (cluster: TestCluster): Promise<string> => {
  const operator = spawnOperator(cluster.controlPlane.kubeconfig, { LEASE_NAMESPACE: "default" });
  const pid = operator.child.pid ?? 0;
  try {
    await eventually("it leads", async () => operator.log().includes("this operator leads"), 120);
    const idle = await residentMiB(pid);
    const callsBefore = (await calls(cluster)).length;
    const startedAt = performance.now();
    await create(cluster);
    const created = (performance.now() - startedAt) / 1_000;
    let peak = idle;
    await eventually(
      `${count} resources converge`,
      async () => {
        peak = Math.max(peak, await residentMiB(pid));
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return (await converged(cluster)) === count;
      },
      1_800,
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    const events = (await calls(cluster)).slice(callsBefore);
    const perResource = (number: number) => (number / count).toFixed(2);
    const rows: readonly (readonly [string, string | number])[] = [
      ["RevenProx resources, created at once", count],
      ["Seconds until the last was created", created.toFixed(1)],
      ["Seconds until all were converged", seconds.toFixed(1)],
      ["API calls per resource", perResource(events.length)],
      ["Resident memory of the operator before, MiB", idle],
      ["Resident memory of the operator at its peak, MiB", peak],
    ];
    const table = (head: string, lines: readonly (readonly [string, string | number])[]) =>
      [head, "| --- | ---: |", ...lines.map(([name, value]) => `| ${name} | ${value} |`)].join("\n");
    return [
      table("| what | figure |", rows),
      table(
        "| call | per resource |",
        callsByKind(events).map(([name, number]) => [`\`${name}\``, perResource(number)]),
      ),
    ].join("\n\n");
  } finally {
    await operator.end("SIGKILL");
  }
};

const cluster = await startTestCluster();
try {
  const figures = await measure(cluster);
  const text = `# How the operator scales

\`npm run bench:operator\` creates RevenProx resources (\`spec: {}\`) at once on a real kube-apiserver with etcd, without nodes or controllers: no pod runs. One operator, 8 passes and 8 reports at a time. Converged: every child exists and the status says so.

Node ${process.version}, API server, etcd and operator on the same machine.

${figures}
`;
  await mkdir(new URL(".", `file://${results}`), { recursive: true });
  await writeFile(results, text);
  process.stdout.write(`${text}\n`);
} finally {
  await cluster.stop();
}
