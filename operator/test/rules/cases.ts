import {
  burst,
  change,
  constant,
  deliveredWithin,
  deliveries,
  failed,
  growing,
  operator,
  proxies,
  rollout,
  type Series,
  succeeded,
  toTheEnd,
  unavailable,
} from "./series.ts";

/** What the alerts of a set of series do at one moment. */
export interface Case {
  readonly name: string;
  readonly series: Series;
  /** As promtool writes a time: `10m`. */
  readonly at: string;
  /** `ALERT/severity` of those that fire at that moment, once for each series they fire for, sorted; no other may. */
  readonly firing: readonly string[];
  /** Of alerts that were not even pending at any time up to then, as a regular expression. */
  readonly neverPending?: string;
  /** Seconds between two scrapes, and the spec's; 15 when absent. */
  readonly intervalSec?: number;
}

const pair = (alert: string, severity: string): string => `${alert}/${severity}`;
const warning = (alert: string, count = 1): string[] => Array<string>(count).fill(pair(alert, "warning"));
const critical = (alert: string, count = 1): string[] => Array<string>(count).fill(pair(alert, "critical"));

const fires = (name: string, series: Series, at: string, firing: readonly string[]): Case => ({
  name,
  series,
  at,
  firing,
});

/** The seed's six: with their cause, and just before. */
export const seedCases: readonly Case[] = [
  fires(
    "80001 streams",
    proxies({ revenprox_connections_active: constant(80_001) }),
    "6m",
    warning("RevenProxHighConnections"),
  ),
  fires("80000 streams", proxies({ revenprox_connections_active: constant(80_000) }), "6m", []),
  fires("80001 streams for 4 minutes", proxies({ revenprox_connections_active: constant(80_001) }), "4m", []),
  fires(
    "a rejection now and then",
    proxies({ revenprox_connections_rejected: growing(1) }),
    "3m",
    critical("RevenProxConnectionsRejected"),
  ),
  fires(
    "101 failures a second",
    proxies({ revenprox_auth_failures_total: growing(101 * 15) }),
    "11m",
    warning("RevenProxAuthFailures"),
  ),
  fires("99 failures a second", proxies({ revenprox_auth_failures_total: growing(99 * 15) }), "11m", []),
  fires(
    "the breaker is open",
    proxies({ revenprox_circuit_breaker_state: constant(1) }),
    "2m",
    critical("RevenProxCircuitBreakerOpen"),
  ),
  fires(
    "86 % of the memory",
    proxies({ revenprox_memory_used_bytes: constant(860_000_000) }),
    "6m",
    warning("RevenProxMemoryHigh"),
  ),
  fires("85 % of the memory", proxies({ revenprox_memory_used_bytes: constant(850_000_000) }), "6m", []),
  fires(
    "one peer of two",
    proxies({ revenprox_peers_connected: constant(1) }, true),
    "3m",
    warning("RevenProxPeerDisconnected", 3),
  ),
];

export const proxyCases: readonly Case[] = [
  fires("no proxy has ever answered", proxies({ up: constant(0) }, true), "20m", [
    ...critical("RevenProxDown"),
    ...warning("RevenProxProxyUnreachable", 3),
  ]),
  fires("nothing is scraped", [], "6m", critical("RevenProxDown")),
  fires("one proxy never came up", proxies({ up: constant(0) }), "11m", warning("RevenProxProxyUnreachable")),
  fires(
    "the event loop lags",
    proxies({ revenprox_event_loop_lag_seconds: constant(0.3) }),
    "11m",
    warning("RevenProxEventLoopLag"),
  ),
  fires(
    "an event loop that ended once",
    proxies({ revenprox_loops_restarted_total: change(40, 0, 1) }),
    "12m",
    warning("RevenProxEventLoopsRestarting"),
  ),
  fires(
    "an event loop that ended once, a quarter of an hour ago",
    proxies({ revenprox_loops_restarted_total: change(40, 0, 1) }),
    "26m",
    [],
  ),
  fires(
    "two slow clients a second",
    proxies({ revenprox_slow_clients_closed_total: growing(30) }),
    "31m",
    warning("RevenProxSlowClients"),
  ),
  fires(
    "a refused configuration",
    proxies({ revenprox_config_rejected: constant(1) }),
    "6m",
    warning("RevenProxConfigRefused"),
  ),
  fires(
    "malformed messages",
    proxies({ revenprox_malformed_messages_total: growing(1) }),
    "20m",
    warning("RevenProxMalformedMessages"),
  ),
];

export const journalCases: readonly Case[] = [
  fires(
    "every proxy is degraded",
    proxies({ revenprox_degraded: constant(1) }, true),
    "3m",
    critical("RevenProxJournalUnreachable", 3),
  ),
  fires(
    "the journal is silent",
    proxies({ revenprox_journal_lag_seconds: constant(90) }),
    "3m",
    warning("RevenProxJournalStale"),
  ),
  fires(
    "the journal is nearly full, which all proxies see",
    proxies({ revenprox_journal_bytes: constant(950_000_000) }, true),
    "16m",
    warning("RevenProxJournalNearFull"),
  ),
  fires(
    "a journal without a known limit",
    proxies({ revenprox_journal_bytes: constant(950_000_000), revenprox_journal_limit_bytes: constant(0) }, true),
    "16m",
    [],
  ),
  fires(
    "twenty holes a second",
    proxies({ revenprox_holes_filled_total: growing(300) }),
    "31m",
    warning("RevenProxHolesFilled"),
  ),
  fires("two gaps a second", proxies({ revenprox_gaps_told_total: growing(30) }), "31m", warning("RevenProxGapsTold")),
  fires(
    "reads always wait",
    proxies({ revenprox_replays_waiting: constant(3) }),
    "11m",
    warning("RevenProxReplaySaturated"),
  ),
  fires("reads wait at times", proxies({ revenprox_replays_waiting: `${"3 0 ".repeat(60)}0` }), "11m", []),
];

const hourOfScrapes = 240;
const availability = "RevenProxAvailabilityBudgetBurn";
const errors = "RevenProxErrorsBudgetBurn";
const latency = "RevenProxLatencyBudgetBurn";
/** Half of all requests of every proxy, from minute 60 to 70. */
const tenMinutes = burst(hourOfScrapes, 10, 40);

export const sloCases: readonly Case[] = [
  fires("half of the requests fail", proxies({ [failed]: tenMinutes }, true), "69m", critical(errors)),
  fires("and when the short windows are clean it is over", proxies({ [failed]: tenMinutes }, true), "105m", []),
  fires("half of the requests find nobody", proxies({ [unavailable]: tenMinutes }, true), "69m", [
    ...critical(availability),
    ...critical(errors),
  ]),
  fires("half of the deliveries are late", proxies({ [deliveries]: growing(200) }, true), "150m", [
    ...[...critical(latency, 2), ...warning(latency)],
  ]),
  fires(
    "a Prometheus 2 that writes le as it was served",
    proxies(
      { [deliveries]: growing(200), [deliveredWithin("100.0")]: "_", [deliveredWithin("100")]: growing(100) },
      true,
    ),
    "150m",
    [...critical(latency, 2), ...warning(latency)],
  ),
  fires(
    "one proxy of three that had answered is down for seven minutes",
    proxies({ up: change(hourOfScrapes, 1, 0) }),
    "67m",
    critical(availability),
  ),
  fires("proxies that are starting answer late", proxies({ up: change(4, 0, 1) }, true), "5m", []),
  fires(
    "nine failures of eighteen requests are no outage",
    proxies({ [succeeded]: burst(hourOfScrapes, 1, 2), [failed]: burst(hourOfScrapes, 1, 2) }, true),
    "65m",
    [],
  ),
  {
    name: "half a percent fails for hours: tickets, no page",
    // 0.5 % of requests: five times the budget.
    series: proxies({ [succeeded]: growing(9_950), [failed]: growing(50) }, true),
    at: "18h",
    firing: warning(errors, 2),
    intervalSec: 300,
  },
  {
    name: "a twentieth of the budget's pace is fine",
    series: proxies({ [succeeded]: growing(99_995), [failed]: growing(5) }, true),
    at: "5h",
    firing: [],
    intervalSec: 300,
  },
];

const calm = (name: string, series: Series, at: string): Case => ({
  ...fires(name, series, at, []),
  neverPending: ".*BudgetBurn",
});

/** Instances that are minutes old, and those that change in the ordinary way: nothing is even on its way. */
export const youngCases: readonly Case[] = [
  calm("pods that are replaced four minutes after the install", rollout(16), "30m"),
  { ...calm("the same after an hour, scraped each half minute", rollout(120), "90m"), intervalSec: 30 },
  calm("pods that drain for minutes before they end", rollout(16, 20), "40m"),
  calm("a single failed scrape four minutes after the install", proxies({ up: `1x15 0 1${toTheEnd}` }, true), "30m"),
  calm(
    "thirty requests refused in a roll-out four minutes after the install",
    proxies({ [unavailable]: burst(16, 10, 0), [succeeded]: growing(10) }),
    "30m",
  ),
  fires(
    "all proxies are gone from the fourth minute on",
    proxies({ up: change(16, 1, 0) }, true),
    "9m",
    [...critical(availability), ...critical("RevenProxDown")].toSorted(),
  ),
  fires(
    "every request fails from the fourth minute on",
    proxies({ [succeeded]: `0+10x15 150${toTheEnd}`, [failed]: burst(16, 10, 240) }, true),
    "9m",
    critical(errors),
  ),
];

const duration = (le: string): string => `revenprox_operator_reconcile_duration_seconds_bucket{le="${le}"}`;

export const operatorCases: readonly Case[] = [
  fires("an operator in good order", operator(), "2h", []),
  fires("an operator that is gone", [], "11m", warning("RevenProxOperatorDown")),
  fires(
    "a pass that fails every 5 minutes",
    operator({
      revenprox_operator_reconcile_errors_total: `0x19 ${"1 ".repeat(20)}`.concat(
        "2x19 3x19 4x19 5x19 6x19 7x19 8x19 9x40",
      ),
    }),
    "40m",
    warning("RevenProxOperatorReconcileErrors"),
  ),
  fires(
    "a pass that failed once",
    operator({ revenprox_operator_reconcile_errors_total: change(60, 0, 1) }),
    "60m",
    [],
  ),
  fires("slow passes", operator({ [duration("1.0")]: growing(1) }), "31m", warning("RevenProxOperatorReconcileSlow")),
  fires(
    "a watch that is dead",
    operator({ revenprox_operator_watch_last_event_age_seconds: constant(400) }),
    "6m",
    warning("RevenProxOperatorWatchStale"),
  ),
  fires(
    "a long queue",
    operator({ revenprox_operator_workqueue_depth: constant(11) }),
    "26m",
    warning("RevenProxOperatorQueueLong"),
  ),
  fires(
    "a worker that hangs",
    operator({ revenprox_operator_workqueue_longest_running_processor_seconds: constant(301) }),
    "6m",
    warning("RevenProxOperatorStuck"),
  ),
];
