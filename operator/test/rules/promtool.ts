import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandResult, tryCommand } from "@revenprox/cluster/host/command";
import type { RuleGroup } from "@revenprox/contract/alerts/rule";
import { promtool } from "@revenprox/observability";
import { stringify } from "yaml";
import type { Case } from "./cases.ts";
import { toTheEnd } from "./series.ts";

const defaultIntervalSec = 15;
/** What the group of the recording rules names; promtool evaluates all groups at one pace. */
const evaluationSec = 30;

const files = async <T>(
  contents: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<T>,
): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), "revenprox-rules-"));
  try {
    await Promise.all(Object.entries(contents).map(([name, text]) => writeFile(join(folder, name), text)));
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

const rulesText = (groups: readonly RuleGroup[]): string =>
  stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false });

/** What the real `promtool check rules` says of these groups; a lint is a failure. */
export const checkRules = async (groups: readonly RuleGroup[]): Promise<CommandResult> =>
  files({ "rules.yaml": rulesText(groups) }, async (folder) =>
    tryCommand(await promtool(), ["check", "rules", "--lint=all", "--lint-fatal", join(folder, "rules.yaml")]),
  );

const firing = (names: readonly string[]) =>
  [...Map.groupBy(names, (name) => name)].map(([name, all]) => {
    const [alert, severity] = name.split("/");
    return { labels: `{alertname="${alert}", severity="${severity}"}`, value: all.length };
  });

const unitSeconds: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

/** Seconds of a time such as `90m`. */
const secondsOf = (time: string): number => Number.parseInt(time, 10) * (unitSeconds[time.slice(-1)] ?? Number.NaN);

const testOf = ({ name, series, at, firing: names, neverPending, intervalSec = defaultIntervalSec }: Case) => ({
  name,
  interval: `${intervalSec}s`,
  input_series: series.map((one) => ({
    ...one,
    values: one.values.replaceAll(toTheEnd, `x${Math.ceil(secondsOf(at) / intervalSec)}`),
  })),
  promql_expr_test: [
    {
      expr: 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
      eval_time: at,
      exp_samples: firing(names),
    },
    ...(neverPending === undefined
      ? []
      : [
          {
            expr: `group by (alertname) (count_over_time(ALERTS{alertname=~"${neverPending}"}[${at}]))`,
            eval_time: at,
            exp_samples: [],
          },
        ]),
  ],
});

/** The case as a file for promtool. */
export const unitTests = (groups: readonly RuleGroup[], cases: readonly Case[]): string =>
  stringify(
    {
      rule_files: ["rules.yaml"],
      // Without it alerts may be looked at before what they are recorded from.
      group_eval_order: groups.map(({ name }) => name),
      evaluation_interval: `${evaluationSec}s`,
      tests: cases.map(testOf),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );

/** What the real `promtool test rules` says of the cases under these groups. */
export const testRules = async (groups: readonly RuleGroup[], cases: readonly Case[]): Promise<CommandResult> =>
  files({ "rules.yaml": rulesText(groups), "tests.yaml": unitTests(groups, cases) }, async (folder) =>
    tryCommand(await promtool(), ["test", "rules", join(folder, "tests.yaml")]),
  );

/** What the real `promtool check metrics` says of a scrape. */
export const checkMetrics = async (text: string): Promise<CommandResult> =>
  tryCommand(await promtool(), ["check", "metrics"], { input: text });
