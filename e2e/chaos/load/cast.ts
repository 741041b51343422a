import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { Habits } from "./client.ts";

export interface Role {
  readonly client: number;
  readonly topics: readonly number[];
  readonly envelope: boolean;
  readonly habits: Habits;
}

const share = { hopping: 0.5, slow: 0.05, sleeping: 0.01, severalTopics: 0.2 } as const;
const hopSeconds: readonly [number, number] = [6, 25];
const severalTopics: readonly [number, number] = [2, 6];

/** Seconds in which a hot topic outgrows the journal, and some more. */
const sleepSeconds = (plan: Plan): number => Math.ceil((plan.maxEventsPerTopic / plan.hotPerSecond) * 1.2);

const habitsOf = (plan: Plan, random: Random, index: number): Habits => {
  const rank = index / plan.clients;
  if (rank < share.slow) return { hopSeconds: 0, slow: true, awaySeconds: 0 };
  if (rank < share.slow + share.sleeping) return { hopSeconds: 5, slow: false, awaySeconds: sleepSeconds(plan) };
  const hops = random.fraction() < share.hopping;
  return { hopSeconds: hops ? random.between(...hopSeconds) : 0, slow: false, awaySeconds: 0 };
};

/** Slow and sleeping clients listen where most happens, else nothing would come of it. */
const topicsOf = (plan: Plan, random: Random, index: number): readonly number[] => {
  const all = Array.from({ length: plan.topics }, (_, topic) => topic);
  const hot = index / plan.clients < share.slow + share.sleeping;
  const count = random.fraction() < share.severalTopics ? random.between(...severalTopics) : 1;
  const first = hot ? random.between(0, plan.hotTopics - 1) : index % plan.topics;
  const others = random.shuffled(all.filter((topic) => topic !== first));
  return [first, ...others.slice(0, count - 1)];
};

/** Who listens to what and how; the same seed gives the same cast. */
export const castOf = (plan: Plan, random: Random): readonly Role[] =>
  Array.from({ length: plan.clients }, (_, client) => {
    const topics = topicsOf(plan, random, client);
    return {
      client,
      topics,
      envelope: topics.length > 1 && random.fraction() < 0.5,
      habits: habitsOf(plan, random, client),
    };
  });
