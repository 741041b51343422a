import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NatsConnection } from "@nats-io/nats-core";
import { publicationLine } from "../check/record.ts";
import { endFleet, type Fleet, startFleet } from "../fleet/fleet.ts";
import type { Member } from "../fleet/member.ts";
import { natsPort } from "../fleet/nats-node.ts";
import type { RunName } from "../fleet/network.ts";
import { scrape } from "../fleet/proxy-node.ts";
import { judgeRun, tapJournal } from "../judge.ts";
import { type Audience, startAudience } from "../load/audience.ts";
import { targetOf } from "../load/crowd.ts";
import { connectToNats } from "../load/direct-publish.ts";
import { type LineFile, openLineFile } from "../load/line-file.ts";
import { removeRecords } from "../remove-records.ts";
import { machineText } from "../report/machine.ts";
import { type StormResult, stormMarkdown, stormPassed } from "../report/storm-report.ts";
import { levelTimes, quantile } from "./level-times.ts";
import { publishAll } from "./publish-all.ts";
import { countReads, lessThan, type ReadCount } from "./read-count.ts";
import { isFullStorm, mostReads, type StormPlan, stormRoles } from "./storm-plan.ts";

export interface StormParts {
  readonly run: RunName;
  readonly plan: StormPlan;
  readonly natsProgram: string;
  readonly folder: string;
  readonly command: string;
  readonly say: (line: string) => void;
}

/** What the storm itself gave. */
interface Storm {
  readonly startedAt: number;
  readonly reads: ReadCount;
  readonly readsTheyCounted: number;
  readonly calmMemoryMib: Readonly<Record<string, number>>;
  readonly peakMemoryMib: Readonly<Record<string, number>>;
}

const results = fileURLToPath(new URL("../../../docs/results/", import.meta.url));
/** A proxy under a storm may be silent for long; a client that left too early would make it worse. */
const silenceMs = 60_000;
const deadlineMs = 180_000;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

const until = async (
  audience: Audience,
  what: string,
  condition: () => boolean,
  say: StormParts["say"],
): Promise<void> => {
  const deadline = Date.now() + deadlineMs;
  for (let round = 1; !condition(); round += 1) {
    const { live, delivered, level } = audience.now;
    if (round % 20 === 0)
      say(`waiting for ${what}: ${live} streams live, ${delivered} delivered, ${level} clients level`);
    if (Date.now() > deadline)
      throw new Error(`waited ${deadlineMs / 1_000} s in vain for ${what}: ${live} live, ${level} level`);
    await Promise.race([pause(100), audience.ended]);
  }
};

/** In MiB: now, or the most so far. */
const memoryOf = (proxies: readonly Member[], field: "VmRSS" | "VmHWM"): Readonly<Record<string, number>> =>
  Object.fromEntries(
    proxies.map(({ member, pid = 0 }) => {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      return [member, Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1_024];
    }),
  );

/** What the proxies' own metric says of their reads. */
const readsCounted = async (proxies: readonly Member[]): Promise<number> => {
  const scrapes = await Promise.all(proxies.map(scrape));
  return scrapes.reduce((sum, values) => sum + (values?.get("journal_reads_total") ?? 0), 0);
};

const before = (plan: StormPlan, topic: number): readonly string[] =>
  Array.from({ length: plan.eventsBefore }, (_, index) => `h${topic * plan.eventsBefore + index}`);

const away = (plan: StormPlan, topic: number): readonly string[] => [
  ...Array.from({ length: plan.eventsAway - 1 }, (_, index) => `d${topic * plan.eventsAway + index}`),
  `e${topic}`,
];

const storm = async (
  { plan, say }: StormParts,
  fleet: Fleet,
  audience: Audience,
  outside: { readonly nats: NatsConnection; readonly publications: LineFile },
): Promise<Storm> => {
  const [first, ...others] = fleet.proxies;
  if (first === undefined) throw new Error("a storm needs a proxy to kill");
  const [second = targetOf(first)] = others.map(targetOf);
  const publish = (keysOf: (topic: number) => readonly string[]): Promise<void> =>
    publishAll({
      ...{ target: second, topics: plan.topics, keysOf },
      write: (publication) => outside.publications.write(publicationLine(publication)),
    });
  await until(audience, "all streams", () => audience.now.live === plan.clients, say);
  await publish((topic) => before(plan, topic));
  await until(audience, "the events before", () => audience.now.delivered >= plan.clients * plan.eventsBefore, say);
  say(`${plan.clients} clients are level on ${first.member}; it is killed`);
  audience.tell({ kind: "go", proxies: [] });
  await pause(500);
  await first.kill();
  await until(audience, "all streams to end", () => audience.now.live === 0, say);
  await publish((topic) => away(plan, topic));
  const count = await countReads(outside.nats);
  await pause(3_000);
  const calmMemoryMib = memoryOf(others, "VmRSS");
  const readsBefore = count();
  const countedBefore = await readsCounted(others);
  const startedAt = Date.now();
  say(`all clients come back at once, to ${others.map(({ member }) => member).join(" and ")}`);
  audience.tell({ kind: "go", proxies: others.map(targetOf) });
  await until(audience, "all clients to be level", () => audience.now.level === plan.clients, say);
  const reads = lessThan(count(), readsBefore);
  const readsTheyCounted = (await readsCounted(others)) - countedBefore;
  return { startedAt, reads, readsTheyCounted, calmMemoryMib, peakMemoryMib: memoryOf(others, "VmHWM") };
};

const playAndJudge = async (parts: StormParts, fleet: Fleet): Promise<StormResult> => {
  const { plan, folder, command, say } = parts;
  const nats = await connectToNats(fleet.nats.map(({ address }) => `${address}:${natsPort}`));
  const publicationFile = join(folder, "publishers.record");
  const publications = openLineFile(publicationFile);
  const audience = startAudience({
    ...{ seed: plan.seed, roles: stormRoles(plan), workers: plan.clientWorkers, silenceMs, folder },
    proxies: fleet.proxies.slice(0, 1).map(targetOf),
  });
  try {
    const { startedAt, ...figures } = await storm(parts, fleet, audience, { nats, publications });
    audience.tell({ kind: "finish" });
    publications.close();
    await audience.ended;
    say("reading the whole journal, and comparing it with every client's record");
    const journal = await tapJournal(nats, plan.topics).finish();
    const files = { recordFiles: audience.recordFiles, publicationFile, journalFile: join(folder, "journal.record") };
    const judgement = await judgeRun(plan.maxEventsPerTopic, journal, files);
    const times = await levelTimes(audience.recordFiles, startedAt);
    const seconds = { half: quantile(times, 0.5), most: quantile(times, 0.99), all: quantile(times, 1) };
    return {
      ...{ plan, command, seconds, ...judgement, ...figures },
      date: new Date().toISOString(),
      machine: machineText(),
    };
  } finally {
    audience.kill();
    await nats.close();
  }
};

const writeReports = (result: StormResult, { folder, plan }: StormParts): string => {
  const markdown = stormMarkdown(result);
  const { verdict, ...rest } = result;
  const figures = { ...verdict, offences: verdict.offences.total, first: verdict.offences.first };
  writeFileSync(join(folder, "report.md"), markdown);
  writeFileSync(
    join(folder, "report.json"),
    `${JSON.stringify({ passed: stormPassed(result), ...rest, figures }, null, 2)}\n`,
  );
  if (isFullStorm(plan) && stormPassed(result)) {
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, "resume-storm.md"), markdown);
  }
  return markdown;
};

/** One whole storm in the network namespace of the switch; true when nothing was lost and reads were shared. */
export const runStorm = async (parts: StormParts): Promise<boolean> => {
  const { run, plan, natsProgram, folder, say } = parts;
  say(`records and logs: ${folder}`);
  const fleet = await startFleet(run, plan, folder, natsProgram);
  try {
    const result = await playAndJudge(parts, fleet);
    say(writeReports(result, parts));
    for (const offence of result.verdict.offences.first.slice(0, 5))
      say(`${offence.kind}: client ${offence.client}: ${offence.text}\n  ${offence.context.join("\n  ")}`);
    if (result.reads.events > mostReads(plan))
      say(`${result.reads.events} requests for events are more than ${mostReads(plan)}: replays are not shared`);
    const good = stormPassed(result);
    if (good) removeRecords(folder);
    return good;
  } finally {
    await endFleet(fleet);
  }
};
