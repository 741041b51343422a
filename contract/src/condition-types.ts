/**
 * Conditions in `status.conditions` and what True means, in the order in which they are shown; `Ready`, `Reconciling`
 * and `Stalled` follow kstatus.
 */
export const conditionMeanings = {
  Ready: "Everything is as the spec asks, and works.",
  Reconciling: "The cluster is on its way to the spec.",
  Stalled: "Waiting alone helps no more: the message says what to edit.",
  Available: "At least one proxy serves.",
  NatsReady: "NATS and the journal work.",
  JournalDurable: "Events outlive the loss of a NATS pod.",
  StorageGrowthBlocked: "The volumes of managed NATS are to grow and cannot; the message says what to do.",
  MonitoringReady: "What monitoring asks for exists.",
  RouteReady: "The Ingress or HTTPRoute that the spec asks for is taken; also where it asks for none.",
  AutoscalingReady: "What spec.autoscaling asks for works; also where it asks for none.",
  HealingExhausted: "A proxy is cut off and the budget of replacements is used up: it needs a person.",
  AuthenticationConfigured: "Somebody decides who may read, and there is a publish key that can be used.",
  SchemaOutdated: "The API server drops fields of the spec: its CRD is of an earlier release than the operator.",
  UpgradePending: "The operator has newer images than those that are kept; the message says how to take them.",
} as const;
export type ConditionType = keyof typeof conditionMeanings;
export const conditionTypes = Object.keys(conditionMeanings) as readonly ConditionType[];

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
