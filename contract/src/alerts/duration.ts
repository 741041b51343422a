const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** Prometheus' way to write a duration: the largest unit that leaves no rest, milliseconds below a second. */
export const duration = (seconds: number): string => {
  const milliseconds = Math.round(seconds * 1_000);
  if (milliseconds === 0) return "0s";
  const whole = units.find(([, length]) => milliseconds % (length * 1_000) === 0);
  return whole === undefined ? `${milliseconds}ms` : `${milliseconds / 1_000 / whole[1]}${whole[0]}`;
};
