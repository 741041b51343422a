import { parseObservation } from "../check/record.ts";
import { isLastOfTopic } from "../load/event-data.ts";
import { eachLine } from "../read-lines.ts";

/** Seconds after `from` at which clients had the last event of their topic, ascending. */
export const levelTimes = async (files: readonly string[], from: number): Promise<readonly number[]> => {
  const times: number[] = [];
  for (const file of files) {
    await eachLine(file, (line) => {
      const seen = parseObservation(line);
      if (seen.kind === "event" && isLastOfTopic(seen.key)) times.push((seen.at - from) / 1_000);
    });
  }
  return times.sort((one, other) => one - other);
};

/** The value that `share` of the ascending values do not exceed. */
export const quantile = (ascending: readonly number[], share: number): number =>
  ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? Number.NaN;
