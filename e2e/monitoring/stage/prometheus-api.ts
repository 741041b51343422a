export type Labels = Readonly<Record<string, string>>;

/** One series at one time. */
export interface Sample {
  readonly metric: Labels;
  readonly value: number;
}

/** One series over time: seconds since 1970, and the value then. */
export interface Series {
  readonly metric: Labels;
  readonly values: readonly (readonly [seconds: number, value: number])[];
}

export interface Target {
  readonly health: "up" | "down" | "unknown";
  readonly labels: Labels;
  readonly scrapeUrl: string;
  readonly lastError: string;
}

export interface Alert {
  readonly labels: Labels;
  readonly state: "pending" | "firing" | "inactive";
}

export interface Rule {
  readonly name: string;
  readonly type: "alerting" | "recording";
  readonly health: "ok" | "unknown" | "err";
  readonly lastError?: string;
  readonly labels?: Labels;
  /** Windows and all, as Prometheus prints it. */
  readonly query: string;
}

export interface PrometheusApi {
  query(expr: string): Promise<readonly Sample[]>;
  /** `seconds` back from now, one value each `step` seconds. */
  queryRange(expr: string, seconds: number, step: number): Promise<readonly Series[]>;
  targets(): Promise<readonly Target[]>;
  /** Pending and firing ones. */
  alerts(): Promise<readonly Alert[]>;
  rules(): Promise<readonly Rule[]>;
}

type Point = readonly [number, string];

/** Prometheus' HTTP API v1; every call rejects with what Prometheus says is wrong. */
export const prometheusApi = (origin: string): PrometheusApi => {
  const get = async <T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> => {
    const response = await fetch(`${origin}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== "success") throw new Error(`${path} ${JSON.stringify(parameters)}: ${answer.error}`);
    return answer.data;
  };
  return {
    async query(expr) {
      const { result } = await get<{ result: readonly { metric: Labels; value: Point }[] }>("query", { query: expr });
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async queryRange(expr, seconds, step) {
      const end = Math.floor(Date.now() / 1_000);
      const range = { query: expr, start: String(end - seconds), end: String(end), step: String(step) };
      const { result } = await get<{ result: readonly { metric: Labels; values: readonly Point[] }[] }>(
        "query_range",
        range,
      );
      return result.map(({ metric, values }) => ({
        metric,
        values: values.map(([at, value]) => [at, Number(value)] as const),
      }));
    },
    targets: async () => (await get<{ activeTargets: readonly Target[] }>("targets")).activeTargets,
    alerts: async () => (await get<{ alerts: readonly Alert[] }>("alerts")).alerts,
    rules: async () =>
      (await get<{ groups: readonly { rules: readonly Rule[] }[] }>("rules")).groups.flatMap(({ rules }) => rules),
  };
};
