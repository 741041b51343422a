import { otlpReceiverImage } from "@revenprox/cluster";
import type { TestProject } from "vitest/node";
import { startBuiltIn } from "../environment/built-in-cluster.ts";
import { installChart } from "../environment/release.ts";

/** Starts the built-in cluster with the operator once for all stories; returns what ends it. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const { archive } = await otlpReceiverImage();
  const platform = await startBuiltIn((line) => process.stdout.write(`${line}\n`), [archive]);
  // Less than the limit of a story, so that a test of the release that fails says why.
  await installChart(platform, ["--set", "test.timeoutSeconds=150"]);
  project.provide("images", platform.images);
  return () => platform.down();
};
