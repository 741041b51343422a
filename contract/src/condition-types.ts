/** Conditions in `status.conditions`; `Ready`, `Reconciling` and `Stalled` follow kstatus. */
export const conditionTypes = [
  "Ready",
  "Reconciling",
  "Stalled",
  "Available",
  "NatsReady",
  "JournalDurable",
  "MonitoringReady",
  "AuthenticationConfigured",
] as const;
export type ConditionType = (typeof conditionTypes)[number];

export interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  /** One CamelCase word. */
  readonly reason: string;
  /** One sentence for a person; names what to do where something is wrong. */
  readonly message: string;
  /** RFC 3339 in whole seconds. */
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}
