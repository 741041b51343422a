import { parseArgs } from "node:util";

export const scenarioNames = ["a", "a2", "b", "b2", "b3", "c", "c2", "d", "e", "f", "g", "h"] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What the benchmark was asked for. */
export interface Wanted {
  readonly scenarios: readonly ScenarioName[];
  readonly quick: boolean;
  /** Interleaved runs of each scenario; of a check, its rounds. */
  readonly runs: number;
  /** Whether the proxies store events. */
  readonly journal: boolean;
  /** Names of subjects; undefined: all that are there. */
  readonly subjects: readonly string[] | undefined;
  /** Compare the quick ratios with the checked-in ones. */
  readonly check: boolean;
  /** Write the table and the figures to `results/`. */
  readonly write: boolean;
}

export type Arguments =
  | { readonly kind: "wanted"; readonly wanted: Wanted }
  | { readonly kind: "text"; readonly text: string; readonly code: number };

export const help = `Measures how fast events go out to many clients, side by side with peers.

  npm run bench                        all scenarios, 3 interleaved runs (about 12 minutes)
  npm run bench -- --quick             b, b2 (small), c and e, against a bare uWebSockets.js (under 3 minutes)
  npm run bench -- --scenario b,c      only these of ${scenarioNames.join(", ")}
  npm run bench -- --subject revenprox,bare-uws
  npm run bench -- --runs 5
  npm run bench -- --journal off       RevenProx without its journal, else with it; c2 is left out, nobody acknowledges there
  npm run bench -- --write             also writes the table and the figures to proxy/bench/results/
  npm run bench -- --check             only what the quick ones cost at one load (2 minutes, 7 rounds): ends with 1 when a ratio
                                       fell twice by more than 35 % of the checked-in one; --write writes that instead

The server is pinned to the first core that this process may use (taskset), the load tool to the others. Peers are taken
where they are: nchan and pushpin from Debian's packages (fetched into the cache, not installed), Mercure and Centrifugo
where REVENPROX_BENCH_MERCURE and REVENPROX_BENCH_CENTRIFUGO are paths of their programs.`;

const usualRuns = 3;
const checkRounds = 7;
const quickScenarios: readonly ScenarioName[] = ["b", "b2", "c", "e"];

/** Published straight to NATS, and each event acknowledged by JetStream. */
const acknowledged: ReadonlySet<ScenarioName> = new Set(["c2"]);

const isScenario = (name: string): name is ScenarioName => scenarioNames.some((known) => known === name);

const listOf = (text: string): readonly string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

const fault = (text: string): Arguments => ({ kind: "text", text: `${text}\n\n${help}`, code: 2 });

const options = {
  help: { type: "boolean", default: false },
  quick: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
  scenario: { type: "string" },
  subject: { type: "string" },
  runs: { type: "string" },
  journal: { type: "string", default: "on" },
} as const;

const runsOf = ({ runs, check }: { readonly runs?: string | undefined; readonly check: boolean }): number =>
  Number(runs ?? (check ? checkRounds : usualRuns));

/** Whether it is on, or why that cannot be. */
const journalOf = ({ journal, check }: { readonly journal: string; readonly check: boolean }): boolean | string => {
  if (journal !== "on" && journal !== "off") return "--journal is on or off";
  return journal === "off" && check ? "--check compares with ratios of proxies whose journal is on" : journal === "on";
};

/** In the order of the catalogue, where none are named. */
const scenariosOf = (named: readonly string[] | undefined, quick: boolean, journal: boolean): readonly ScenarioName[] =>
  (named?.filter(isScenario) ?? (quick ? quickScenarios : scenarioNames)).filter(
    (name) => journal || !acknowledged.has(name),
  );

export const readArguments = (args: readonly string[]): Arguments => {
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return { kind: "text", text: help, code: 0 };
  const named = values.scenario === undefined ? undefined : listOf(values.scenario);
  const unknown = named?.find((name) => !isScenario(name));
  if (unknown !== undefined) return fault(`there is no scenario ${unknown}; there are ${scenarioNames.join(", ")}`);
  const quick = values.quick || values.check;
  const runs = runsOf(values);
  if (!Number.isInteger(runs) || runs < 1 || runs > 99) return fault("--runs must be a whole number from 1 to 99");
  const journal = journalOf(values);
  if (typeof journal === "string") return fault(journal);
  return {
    kind: "wanted",
    wanted: {
      scenarios: scenariosOf(named, quick, journal),
      quick,
      runs,
      journal,
      subjects: values.subject === undefined ? undefined : listOf(values.subject),
      check: values.check,
      write: values.write,
    },
  };
};
