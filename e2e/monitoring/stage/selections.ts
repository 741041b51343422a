/** One Prometheus of the stories, and what it takes up. */
export interface Selection {
  /** Of its Prometheus resource. */
  readonly name: string;
  /** Of the ServiceMonitors and PrometheusRules it takes up. */
  readonly labels: Readonly<Record<string, string>>;
  /** Between two evaluations of a group that names no interval. */
  readonly evaluation: string;
}

/** Takes up what the operator and the chart make, as a user's Prometheus does. */
export const everyday: Selection = { name: "everyday", labels: { release: "everyday" }, evaluation: "5s" };

/** Takes up what a story makes with shorter windows, so that an alert does not take a quarter of an hour. */
export const hurried: Selection = { name: "hurried", labels: { release: "hurried" }, evaluation: "1s" };
