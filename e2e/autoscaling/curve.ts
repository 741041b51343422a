/** What one look saw. */
export interface Sample {
  /** Since the beginning. */
  readonly seconds: number;
  /** Streams that clients hold. */
  readonly streams: number;
  /** Proxies that the operator wants. */
  readonly desired: number;
  /** Proxies that are ready. */
  readonly ready: number;
}

/** Changes of `desired`, in order. */
export const changesOf = (samples: readonly Sample[]): readonly Sample[] =>
  samples.filter(({ desired }, index) => index > 0 && desired !== samples[index - 1]?.desired);

/** How often `desired` turned round: once for a load that comes and goes. */
export const turnsOf = (samples: readonly Sample[]): number => {
  const sizes = samples
    .slice(0, 1)
    .concat(changesOf(samples))
    .map(({ desired }) => desired);
  const directions = sizes.slice(1).map((size, index) => Math.sign(size - (sizes[index] ?? size)));
  return directions.slice(1).filter((direction, index) => direction !== directions[index]).length;
};

const width = 720;
const height = 300;
const left = 60;
const right = 40;
const top = 30;
const bottom = 40;

interface Scale {
  readonly x: (seconds: number) => number;
  readonly streams: (count: number) => number;
  readonly pods: (count: number) => number;
  readonly lastSecond: number;
  readonly mostStreams: number;
  readonly mostPods: number;
}

const scaleOf = (samples: readonly Sample[]): Scale => {
  const most = (of: (sample: Sample) => number) => Math.max(1, ...samples.map(of));
  const lastSecond = most(({ seconds }) => seconds);
  const mostStreams = most(({ streams }) => streams);
  const mostPods = most(({ desired, ready }) => Math.max(desired, ready));
  const up = (share: number) => height - bottom - share * (height - top - bottom);
  return {
    x: (seconds) => left + (seconds / lastSecond) * (width - left - right),
    streams: (count) => up(count / mostStreams),
    pods: (count) => up(count / mostPods),
    lastSecond,
    mostStreams,
    mostPods,
  };
};

const line = (points: readonly (readonly [number, number])[], style: string): string =>
  `<polyline fill="none" ${style} points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")}"/>`;

/** Pods change at once: corners, no slopes. */
const stairs = (samples: readonly Sample[], { x, pods }: Scale, of: (sample: Sample) => number) =>
  samples.flatMap((sample, index): (readonly [number, number])[] => {
    const y = pods(of(sample));
    const before = samples[index - 1];
    return before === undefined
      ? [[x(sample.seconds), y]]
      : [
          [x(sample.seconds), pods(of(before))],
          [x(sample.seconds), y],
        ];
  });

const label = (x: number, y: number, text: string, anchor = "start"): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;

/** The curve as a picture that needs nothing else. */
export const svgOf = (samples: readonly Sample[]): string => {
  const scale = scaleOf(samples);
  const { x, streams, lastSecond, mostStreams, mostPods } = scale;
  const base = height - bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<path d="M${left} ${top}V${base}H${width - right}V${top}" fill="none" stroke="#999"/>`,
    line(
      samples.map((sample) => [x(sample.seconds), streams(sample.streams)]),
      'stroke="#2a6fdb" stroke-width="2"',
    ),
    line(
      stairs(samples, scale, ({ desired }) => desired),
      'stroke="#d1495b" stroke-width="2"',
    ),
    line(
      stairs(samples, scale, ({ ready }) => ready),
      'stroke="#555" stroke-dasharray="4 3"',
    ),
    label(left - 6, top + 4, mostStreams.toLocaleString("en-US"), "end"),
    label(left - 6, base, "0", "end"),
    label(width - right + 6, top + 4, `${mostPods}`),
    label(width - right + 6, base, "0"),
    label(left, height - 12, "0 s"),
    label(width - right, height - 12, `${Math.round(lastSecond)} s`, "end"),
    `<g fill="#2a6fdb">${label(left + 8, 18, "streams (left)")}</g>`,
    `<g fill="#d1495b">${label(left + 110, 18, "proxies wanted (right)")}</g>`,
    `<g fill="#555">${label(left + 260, 18, "proxies ready (right)")}</g>`,
    "</svg>",
    "",
  ].join("\n");
};
