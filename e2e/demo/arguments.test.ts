import { expect, test } from "vitest";
import { parseDemoArguments } from "./arguments.ts";

test("without arguments the built-in cluster is used and kept", () => {
  expect(parseDemoArguments([])).toEqual({ once: false });
});

test("a context needs images that its cluster can pull", () => {
  expect(() => parseDemoArguments(["--context", "kind"])).toThrow(/--operator-image, --proxy-image and --nats-image/);
  const images = ["--operator-image", "o:1", "--proxy-image", "p:1", "--nats-image", "n:1"];
  expect(parseDemoArguments(["--context", "kind", "--once", ...images])).toEqual({
    once: true,
    existing: { context: "kind", images: { operator: "o:1", proxy: "p:1", natsServer: "n:1" } },
  });
});

test("an unknown argument is refused", () => {
  expect(() => parseDemoArguments(["--twice"])).toThrow(/--twice/);
});
