import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Faults } from "./faults.ts";
import { endFleet, type Fleet, startFleet } from "./fleet/fleet.ts";
import { natsPort } from "./fleet/nats-node.ts";
import type { RunName } from "./fleet/network.ts";
import { judgeRun, type RecordFiles, tapJournal } from "./judge.ts";
import { type Crowd, startCrowd } from "./load/crowd.ts";
import { connectToNats } from "./load/direct-publish.ts";
import { isFull, type Plan } from "./plan.ts";
import { seededRandom } from "./random.ts";
import { removeRecords } from "./remove-records.ts";
import { type ChaosResult, chaosJson, chaosMarkdown, passed } from "./report/chaos-report.ts";
import { machineText } from "./report/machine.ts";
import { faultSchedule } from "./schedule.ts";

export interface RunParts {
  readonly run: RunName;
  readonly plan: Plan;
  readonly natsProgram: string;
  /** Where records, logs and reports go. */
  readonly folder: string;
  readonly command: string;
  readonly say: (line: string) => void;
}

const results = fileURLToPath(new URL("../../docs/results/", import.meta.url));
const progressMs = 5_000;
const levelWithinMs = 90_000;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves true when `reached`, false when the deadline is over; rejects when a process of the crowd fails. */
const reached = async (crowd: Crowd, withinMs: number, condition: () => boolean): Promise<boolean> => {
  const deadline = Date.now() + withinMs;
  const watch = async (): Promise<boolean> => {
    while (!condition()) {
      if (Date.now() > deadline) return false;
      await pause(100);
    }
    return true;
  };
  // The crowd ends by itself only when it fails: it was not told to finish.
  return await Promise.race([watch(), crowd.ended.then(() => false)]);
};

const progress = (crowd: Crowd, faults: Faults, say: RunParts["say"]): NodeJS.Timeout => {
  const startedAt = Date.now();
  return setInterval(() => {
    const { live, delivered, gaps } = crowd.audience.now;
    const { accepted = 0, open = 0 } = crowd.publisher ?? {};
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    say(
      `${seconds} s: ${live} streams live, ${accepted} published, ${open} waiting, ${delivered} delivered, ${gaps} gaps; faults now: ${faults.now}`,
    );
  }, progressMs);
};

const recordsOf = ({ audience, publicationFile }: Crowd, folder: string): RecordFiles => ({
  recordFiles: audience.recordFiles,
  publicationFile,
  journalFile: join(folder, "journal.record"),
});

/** Load under faults, then the end: everything mended, the last event of each topic published, all clients level. */
const underFaults = async ({ plan, say }: RunParts, fleet: Fleet, crowd: Crowd, faults: Faults) => {
  const opened = await reached(crowd, 60_000, () => crowd.audience.now.live >= plan.clients * 0.95);
  if (!opened) throw new Error(`only ${crowd.audience.now.live} of ${plan.clients} streams could be opened in 60 s`);
  say(`${plan.clients} clients listen to ${plan.topics} topics; faults for ${plan.seconds} s`);
  const telling = progress(crowd, faults, say);
  try {
    crowd.startPublishing();
    const schedule = faultSchedule(seededRandom(plan.seed), { ...plan, proxies: fleet.proxies.length });
    const load = pause(plan.seconds * 1_000);
    await Promise.race([Promise.all([faults.play(schedule), load]), crowd.ended]);
    crowd.tellPublisher("quiet");
    await faults.mend();
    const mendedAt = Date.now();
    crowd.audience.tell({ kind: "settle" });
    await reached(crowd, levelWithinMs, () => crowd.publisher?.open === 0);
    crowd.tellPublisher("last");
    const level = await reached(crowd, levelWithinMs, () => crowd.audience.now.level === plan.clients);
    return level ? (Date.now() - mendedAt) / 1_000 : undefined;
  } finally {
    clearInterval(telling);
  }
};

const playAndJudge = async (parts: RunParts, fleet: Fleet): Promise<ChaosResult> => {
  const { plan, folder, say, command } = parts;
  const nats = await connectToNats(fleet.nats.map(({ address }) => `${address}:${natsPort}`));
  const faults = new Faults({ fleet, nats, tell: say });
  const tap = tapJournal(nats, plan.topics);
  const crowd = startCrowd(plan, fleet, folder);
  try {
    const levelAfterSeconds = await underFaults(parts, fleet, crowd, faults);
    const { again = 0, heldBack = 0 } = crowd.publisher ?? {};
    crowd.audience.tell({ kind: "finish" });
    crowd.tellPublisher("finish");
    await crowd.ended;
    say("reading the whole journal, and comparing it with every client's record");
    const journal = await tap.finish();
    const { verdict, faults: found } = await judgeRun(plan.maxEventsPerTopic, journal, recordsOf(crowd, folder));
    return {
      ...{ plan, command, verdict, levelAfterSeconds, heldBack },
      date: new Date().toISOString(),
      machine: machineText(),
      messages: journal.messages,
      epochs: journal.epochs.length,
      faults: found,
      played: faults.lines,
      attemptsAgain: again,
    };
  } finally {
    crowd.kill();
    await nats.close();
  }
};

const writeReports = (result: ChaosResult, { folder, plan }: RunParts): string => {
  const markdown = chaosMarkdown(result);
  writeFileSync(join(folder, "report.md"), markdown);
  writeFileSync(join(folder, "report.json"), chaosJson(result));
  if (isFull(plan) && passed(result)) {
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, "chaos.md"), markdown);
  }
  return markdown;
};

/** One whole run in the network namespace of the switch; true when nothing was found wrong. */
export const runChaos = async (parts: RunParts): Promise<boolean> => {
  const { run, plan, natsProgram, folder, say } = parts;
  say(`seed ${plan.seed}: REVENPROX_CHAOS_SEED=${plan.seed} replays it; records and logs: ${folder}`);
  const fleet = await startFleet(run, plan, folder, natsProgram);
  try {
    const result = await playAndJudge(parts, fleet);
    say(writeReports(result, parts));
    for (const offence of result.verdict.offences.first.slice(0, 5))
      say(`${offence.kind}: client ${offence.client}: ${offence.text}\n  ${offence.context.join("\n  ")}`);
    const good = passed(result);
    if (good) removeRecords(folder);
    return good;
  } finally {
    await endFleet(fleet);
  }
};
