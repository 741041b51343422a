import type { RolloutPlan } from "./run-rollout.ts";

const streams = Number(process.env["REVENPROX_TEST_ROLLOUT_STREAMS"] ?? "1000");
const readersPerTopic = 10;

/** Whether this is the long version, whose figures are checked in. */
export const isFull = streams >= 5_000;

export const rolloutPlan: RolloutPlan = {
  topics: streams / readersPerTopic,
  readersPerTopic,
  publishesPerSecond: isFull ? 200 : 50,
  // A drain takes longer than a new pod takes until it is available, so that pods could drain at the same time.
  pace: isFull ? 250 : 40,
  drainWindowSeconds: 60,
  pods: isFull ? 5 : 3,
  podsLeft: 2,
};

export const commandOfThis: string = isFull ? "npm run test:full" : "npm test";
