/** Loaded into a proxy before anything else (`--import`): its wall clock is off by TEST_CLOCK_SKEW_MS. */
const skew = Number(process.env["TEST_CLOCK_SKEW_MS"] ?? 0);
const RealDate = Date;
const realNow = Date.now;

class SkewedDate extends RealDate {
  constructor(...parts: [] | [number | string | Date]) {
    const [first] = parts;
    super(first ?? realNow() + skew);
  }

  static override now(): number {
    return realNow() + skew;
  }
}

globalThis.Date = SkewedDate as DateConstructor;
