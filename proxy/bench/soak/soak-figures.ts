/** What was seen in one stretch of the soak. */
export interface SoakWindow {
  /** Since the load began. */
  readonly atSec: number;
  readonly rssBytes: number;
  /** Open files of the proxy. */
  readonly files: number;
  readonly deliveriesPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From connect to first byte, of those that came back. */
  readonly openP99Ms: number;
  /** Part of a core. */
  readonly cpu: number;
}

export interface SoakRun {
  readonly windows: readonly SoakWindow[];
  /** Open files before the first stream, and after the last one. */
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly streams: number;
  /** What was lost, doubled, out of order, closed or refused, in words. */
  readonly faults: readonly string[];
}

export interface SoakFigures {
  /** Of the line through RSS, without the first fifth. */
  readonly slopeMiBPerHour: number;
  readonly riseMiB: number;
  readonly p99FirstMs: number;
  readonly p99LastMs: number;
  readonly openP99FirstMs: number;
  readonly openP99LastMs: number;
  /** Most open files that are no stream's, less those before the first. */
  readonly extraFiles: number;
  /** Why it did not pass; empty when it did. */
  readonly faults: readonly string[];
}

const mebibyte = 2 ** 20;
/** Part at the beginning in which the proxy compiles its code and fills its rings. */
const warmUp = 0.2;
/**
 * What RSS may rise by in an hour. One entry of a map (24 bytes) that each returning stream left behind would make
 * 16 MiB of its 720,000 returns; a third of a byte for each delivery would make 23.
 */
const mostMiBPerHour = 8;
/** What an hour has left without its first fifth. A shorter run may rise by as much: its heap has hardly settled. */
const leastHours = 0.8;
/** The last third may be so many times as late as the first one, in its quieter windows, and so many milliseconds more. */
const mostDrift = 1.5;
const freeDriftMs = 5;
/** p99 of deliveries in the quieter windows, as in the benchmark's scenarios. */
const mostP99Ms = 100;
const mostExtraFiles = 64;
const mostFilesLeft = 16;

/** Slope of the line with the least squares. */
export const slopeOf = (points: readonly (readonly [x: number, y: number])[]): number => {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return under === 0 ? 0 : over / under;
};

/** What a quarter of the windows stay below: what else the machine does in some of them is not seen in it. */
const calm = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)] ?? Number.NaN;

const thirds = (windows: readonly SoakWindow[], of: (window: SoakWindow) => number) => {
  const third = Math.max(1, Math.floor(windows.length / 3));
  return {
    first: calm(windows.slice(0, third).map(of)),
    last: calm(windows.slice(-third).map(of)),
  };
};

const late = ({ first, last }: ReturnType<typeof thirds>): readonly string[] =>
  Math.max(first, last) <= mostP99Ms ? [] : [`p99 of deliveries was ${Math.max(first, last).toFixed(1)} ms`];

const drifted = (what: string, { first, last }: ReturnType<typeof thirds>): readonly string[] =>
  last <= first * mostDrift + freeDriftMs ? [] : [`${what} drifted from ${first.toFixed(1)} to ${last.toFixed(1)} ms`];

/** What the soak came to. */
export const soakFigures = ({ windows, filesBefore, filesAfter, streams, faults }: SoakRun): SoakFigures => {
  const warm = windows.slice(Math.floor(windows.length * warmUp));
  const slope = slopeOf(warm.map(({ atSec, rssBytes }) => [atSec, rssBytes / mebibyte]));
  const seconds = (warm.at(-1)?.atSec ?? 0) - (warm[0]?.atSec ?? 0);
  const riseMiB = slope * seconds;
  const mostRiseMiB = mostMiBPerHour * Math.max(leastHours, seconds / 3_600);
  const p99 = thirds(warm, ({ p99Ms }) => p99Ms);
  const open = thirds(warm, ({ openP99Ms }) => openP99Ms);
  const extraFiles = Math.max(0, ...windows.map(({ files }) => files)) - streams - filesBefore;
  return {
    slopeMiBPerHour: slope * 3_600,
    riseMiB,
    p99FirstMs: p99.first,
    p99LastMs: p99.last,
    openP99FirstMs: open.first,
    openP99LastMs: open.last,
    extraFiles,
    faults: [
      ...faults,
      ...(riseMiB <= mostRiseMiB
        ? []
        : [`memory rose by ${riseMiB.toFixed(1)} MiB, more than ${mostRiseMiB.toFixed(1)}`]),
      ...late(p99),
      ...drifted("p99 of deliveries", p99),
      ...drifted("p99 of connects", open),
      ...(extraFiles <= mostExtraFiles ? [] : [`${extraFiles} open files belong to no stream`]),
      ...(filesAfter <= filesBefore + mostFilesLeft
        ? []
        : [`${filesAfter - filesBefore} files were left open after the last stream`]),
    ],
  };
};
