import { describe, expect, test } from "vitest";
import { followed, mended, type Soon, whenSettled, whenThere } from "./soon.ts";

const fault = new Error("broken");
const throwing = (): Soon<number> => {
  throw fault;
};

describe("whenThere", () => {
  test("uses at once what is there", () => {
    expect(whenThere(2, (value) => value + 1)).toBe(3);
  });

  test("uses later what is not", async () => {
    const later = whenThere(Promise.resolve(2), (value) => value + 1);
    expect(later).toBeInstanceOf(Promise);
    expect(await later).toBe(3);
  });

  test("tells failures as they come", async () => {
    expect(() => whenThere(2, throwing)).toThrow(fault);
    await expect(whenThere(Promise.resolve(2), throwing)).rejects.toBe(fault);
  });
});

describe("whenSettled", () => {
  const tell = (ask: (about: string) => Soon<number>): Soon<string> =>
    whenSettled(
      ask,
      "it",
      (good, about) => `${about} is ${good}`,
      (bad, about) => `${about} is ${bad instanceof Error ? bad.message : "unknown"}`,
    );

  test("tells at once what is there, or was thrown", () => {
    expect([tell(() => 2), tell(throwing)]).toEqual(["it is 2", "it is broken"]);
  });

  test("tells later what is not", async () => {
    expect(await tell(() => Promise.resolve(2))).toBe("it is 2");
    expect(await tell(() => Promise.reject<number>(fault))).toBe("it is broken");
  });

  test.each([
    ["there", () => 1],
    ["later", () => Promise.resolve(1)],
  ])("does not mend the use of a value that is %s", async (_, value) => {
    const used = async () => whenSettled(value, undefined, throwing, () => 7);
    await expect(used()).rejects.toBe(fault);
  });
});

describe("mended", () => {
  test.each([
    ["thrown", throwing],
    ["rejected", () => Promise.reject<number>(fault)],
  ])("takes the place of what was %s", async (_, value) => {
    expect(await mended(value, () => 7)).toBe(7);
  });

  test("leaves a good value as it is", () => {
    expect(
      mended<number>(
        () => 5,
        () => 7,
      ),
    ).toBe(5);
  });
});

describe("followed", () => {
  test.each([
    ["there", () => 1, true],
    ["later", () => Promise.resolve(1), true],
    ["rejected", () => Promise.reject<number>(fault), false],
  ])("is told once of a value that is %s", async (_, value, good) => {
    let told = 0;
    const result = (async () => followed(value(), () => (told += 1)))();
    if (good) expect(await result).toBe(1);
    else await expect(result).rejects.toBe(fault);
    expect(told).toBe(1);
  });
});
