const binary = 1_024;
const multipliers: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: binary,
  Mi: binary ** 2,
  Gi: binary ** 3,
  Ti: binary ** 4,
  Pi: binary ** 5,
  Ei: binary ** 6,
};

/** Whole bytes of a Kubernetes quantity such as `1.5Gi`; throws where the CRD's pattern would have refused it. */
export const quantityBytes = (quantity: string): number => {
  const [, digits, suffix] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(quantity) ?? [];
  const multiplier = suffix === "" ? 1 : multipliers[suffix ?? ""];
  if (digits === undefined || multiplier === undefined) {
    throw new Error(`"${quantity}" is not a quantity: write a number with Ki, Mi, Gi or Ti, for example 2Gi`);
  }
  return Math.floor(Number(digits) * multiplier);
};
