const steps = [1, 2, 2.5, 5, 10] as const;
const wantedTicks = 4;

/** Round values from at or below the least to at or above the greatest; 0 is one of them. Never fewer than two. */
export const niceTicks = (values: readonly number[]): readonly number[] => {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  if (low === high) return [0, 1];
  const raw = (high - low) / wantedTicks;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = (steps.find((each) => each * magnitude >= raw) ?? 10) * magnitude;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
};

const short = (value: number): string => String(Number(value.toPrecision(3)));

const scaled = (value: number, base: number, prefixes: readonly string[]): string => {
  let [rest, index] = [value, 0];
  while (Math.abs(rest) >= base && index < prefixes.length - 1) {
    rest /= base;
    index += 1;
  }
  return `${short(rest)}${prefixes[index]}`;
};

const bytes = ["", "Ki", "Mi", "Gi"] as const;

const seconds = (value: number): string =>
  value !== 0 && Math.abs(value) < 1 ? `${short(value * 1_000)} ms` : `${short(value)} s`;

/** A value in one of Grafana's units, short. */
export const inUnit = (value: number, unit: string): string => {
  switch (unit) {
    case "percentunit":
      return `${short(value * 100)} %`;
    case "percent":
      return `${short(value)} %`;
    case "bytes":
      return `${scaled(value, 1_024, bytes)}B`;
    case "Bps":
      return `${scaled(value, 1_024, bytes)}B/s`;
    case "ms":
      return `${short(value)} ms`;
    case "s":
      return seconds(value);
    case "cps":
    case "reqps":
      return `${scaled(value, 1_000, ["", "k", "M"])}/s`;
    default:
      return scaled(value, 1_000, ["", "k", "M"]);
  }
};
