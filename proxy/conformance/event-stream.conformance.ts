import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBench, type Judges } from "./bench.ts";
import { cases } from "./case-list.ts";
import { engines } from "./engines.ts";
import { createFleet } from "./fleet.ts";
import { fuzzStreams } from "./fuzz.ts";
import { startChromium } from "./judges/chromium.ts";
import { npmEventSource, npmParser } from "./judges/node-readers.ts";
import { once } from "./once.ts";
import { createTally } from "./tally.ts";

/** Chromium may have to be installed first. */
const installTimeoutMs = 300_000;

const startJudges = once(async (): Promise<Judges> => {
  const chromium = await startChromium();
  return { chromium, readers: [chromium, npmEventSource(), npmParser()] };
});
const tally = createTally();

// What does not start is not told here but by each case that needs it, so that none counts as skipped.
beforeAll(() => Promise.allSettled([startJudges()]), installTimeoutMs);
afterAll(async () => {
  const { chromium } = await startJudges();
  process.stdout.write(`Chromium ${chromium.version}\n${tally.text()}\n`);
  await chromium.close();
});

describe.each(engines)("engine %s", (engine) => {
  const fleet = createFleet(engine);
  beforeAll(() => Promise.allSettled([fleet.shared()]));
  afterAll(() => fleet.stop());

  test("is the one that answers", async () => {
    const { port } = await fleet.shared();
    const { headers } = await fetch(`http://127.0.0.1:${port}/health`);
    expect(headers.has("uwebsockets")).toBe(engine === "uws");
  });

  describe.concurrent("cases", () => {
    test.each(cases)("$name", async ({ name, judges: wanted, run }) => {
      const judges = await startJudges();
      const { bench, used, clean } = await createBench({ engine, topic: name, judges, fleet, wanted });
      try {
        await run(bench);
        expect(used()).toEqual(wanted.filter((judge) => judge !== "wire"));
        tally.passed(engine, wanted);
      } finally {
        await clean();
      }
    });
  });

  test("whatever is published comes out of every reader as it went in", async () => {
    const { readers } = await startJudges();
    tally.note(engine, await fuzzStreams({ fleet, readers }));
  });

  test("the shared proxy lived through all of it and saw no fault of its own", async () => {
    const { child, output } = await fleet.shared();
    expect({ exitCode: child.exitCode, faults: output().match(/^.*(ERROR|WARN)\].*$/gm) ?? [] }).toEqual({
      exitCode: null,
      faults: [],
    });
  });
});
