import { eventually } from "../../environment/eventually.ts";
import type { Alert, PrometheusApi } from "./prometheus-api.ts";

/** An alert by its name and, where there are several of that name, further labels. */
export interface Wanted {
  readonly alertname: string;
  readonly [label: string]: string;
}

const is =
  (wanted: Wanted) =>
  ({ labels }: Alert): boolean =>
    Object.entries(wanted).every(([label, value]) => labels[label] === value);

const inWords = (wanted: Wanted): string => Object.values(wanted).join(" ");

const isFiring = ({ state }: Alert): boolean => state === "firing";

/** Polls until `rest` of the present alerts is empty; the failure names what it still holds. */
const untilNone = async (
  what: string,
  prometheus: PrometheusApi,
  rest: (now: readonly Alert[]) => readonly Wanted[],
  timeoutMs: number,
): Promise<void> => {
  let left: readonly Wanted[] = [];
  const attempt = async (): Promise<true | undefined> => {
    left = rest(await prometheus.alerts());
    return left.length === 0 || undefined;
  };
  await eventually(what, attempt, timeoutMs).catch((cause: unknown) => {
    throw new Error(`${what}: ${left.map(inWords).join(", ")} did not within ${timeoutMs / 1_000} s`, { cause });
  });
};

/** Resolves when all of `wanted` fire; the failure names those that do not. */
export const allFire = (prometheus: PrometheusApi, wanted: readonly Wanted[], timeoutMs: number): Promise<void> =>
  untilNone(
    "alerts to fire",
    prometheus,
    (now) => wanted.filter((each) => !now.filter(isFiring).some(is(each))),
    timeoutMs,
  );

/** Resolves when none of `wanted` fires any more, nor is on its way to; the failure names those that do. */
export const allResolve = (prometheus: PrometheusApi, wanted: readonly Wanted[], timeoutMs: number): Promise<void> =>
  untilNone("alerts to resolve", prometheus, (now) => wanted.filter((each) => now.some(is(each))), timeoutMs);
