import { burnAlerts } from "../slo/burn-alerts.ts";
import { defaultObjectives } from "../slo/objectives.ts";
import type { Alert } from "./alert.ts";
import { journalAlerts } from "./journal-alerts.ts";
import { proxyAlerts } from "./proxy-alerts.ts";
import { seedAlerts } from "./seed-alerts.ts";

/** Alerts of every instance that are not about an objective; each name is there once. */
export const alerts: readonly Alert[] = [...seedAlerts, ...proxyAlerts, ...journalAlerts];

/** Names of all alerts of an instance, each once, those about objectives included. */
export const instanceAlertNames: readonly string[] = [
  ...new Set([...alerts, ...burnAlerts(defaultObjectives)].map(({ name }) => name)),
];
