import { mkdirSync } from "node:fs";
import { type Extent, reportFolder, stagesOf } from "./stages.ts";
import { type SuiteReport, summaryOf } from "./test-results.ts";

const extentOf = (args: readonly string[]): Extent => {
  if (args.includes("--fast")) return "fast";
  return args.includes("--full") ? "full" : "usual";
};

const main = async (): Promise<void> => {
  const stages = stagesOf(extentOf(process.argv));
  mkdirSync(reportFolder, { recursive: true });
  const results = new Map<string, SuiteReport>();
  for (const [index, stage] of stages.entries()) {
    process.stdout.write(`\n=== ${index + 1}/${stages.length} ${stage.name} (usually ${stage.usually})\n`);
    const start = Date.now();
    const report = await stage.run(stage.name);
    results.set(stage.name, report);
    const seconds = Math.round((Date.now() - start) / 1000);
    const { passed, failures } = report;
    process.stdout.write(`=== ${stage.name}: ${passed} passed, ${failures.length} failed, ${seconds} s\n`);
  }
  process.stdout.write(`\n${summaryOf(results)}\n`);
  process.exitCode = [...results.values()].some(({ failures }) => failures.length > 0) ? 1 : 0;
};

await main();
