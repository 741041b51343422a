import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeMachine } from "./machine.ts";
import { runSoak, type SoakPlan } from "./soak/run-soak.ts";
import { soakFigures } from "./soak/soak-figures.ts";
import { soakMarkdown } from "./soak/soak-report.ts";
import { buildProxy } from "./subjects/revenprox.ts";
import { revenproxNats } from "./subjects/revenprox-nats.ts";
import { Crew } from "./tool/crew.ts";
import { loadTool } from "./tool/load-tool.ts";
import { cores, endAllProcesses } from "./tool/processes.ts";

const resultFile = join(import.meta.dirname, "../../docs/results/soak.md");
const say = (line: string): void => void process.stderr.write(`[soak] ${line}\n`);

/** A shorter run proves little about memory: it is not written down. */
const leastSecondsWritten = 600;

const planOf = (text: string | undefined): SoakPlan => {
  const seconds = Number(text ?? 3_600);
  if (!(seconds >= 30)) throw new Error("REVENPROX_SOAK_SECONDS must be a number of seconds, 30 or more");
  return {
    seconds,
    windowSec: Math.min(30, seconds / 20),
    streams: 12_000,
    topics: 12,
    churnPerSec: 200,
    deliveriesPerSec: 20_000,
  };
};

/** True: it passed. */
const soak = async (plan: SoakPlan, folder: string): Promise<boolean> => {
  say("building the proxy and the load tool");
  await buildProxy();
  const running = await revenproxNats.start({ cores: cores.server, folder });
  const crew = new Crew({ program: await loadTool(), readers: 1 });
  try {
    const { run, reopened, delivered } = await runSoak(plan, crew, running, say);
    const figures = soakFigures(run);
    for (const fault of figures.faults) say(`FAILED: ${fault}`);
    const machine = describeMachine();
    const report = soakMarkdown({
      date: new Date().toISOString(),
      machine,
      plan,
      windows: run.windows,
      figures,
      reopened,
      delivered,
    });
    process.stdout.write(`\n${report}`);
    if (figures.faults.length > 0) return false;
    if (plan.seconds >= leastSecondsWritten) writeFileSync(resultFile, report);
    return true;
  } finally {
    await crew.stop();
    await running.stop();
  }
};

const folder = mkdtempSync(join(tmpdir(), "revenprox-soak-"));
process.on("exit", () => {
  endAllProcesses();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exit((await soak(planOf(process.env["REVENPROX_SOAK_SECONDS"]), folder)) ? 0 : 1);
