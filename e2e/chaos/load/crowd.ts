import { join } from "node:path";
import type { Fleet } from "../fleet/fleet.ts";
import type { Member } from "../fleet/member.ts";
import { natsPort } from "../fleet/nats-node.ts";
import { proxyPort } from "../fleet/proxy-node.ts";
import type { Plan } from "../plan.ts";
import { seededRandom } from "../random.ts";
import { type Audience, startAudience } from "./audience.ts";
import { castOf } from "./cast.ts";
import type { ProxyTarget } from "./client.ts";
import type { PublisherOrder, PublisherSetup, PublisherWord } from "./publisher-worker.ts";
import { startWorker, type Worker } from "./worker.ts";

/** All clients and publishers of a run. */
export interface Crowd {
  readonly audience: Audience;
  readonly publicationFile: string;
  readonly publisher: PublisherWord | undefined;
  startPublishing(): void;
  tellPublisher(order: PublisherOrder): void;
  /** Resolves when all were told to finish and have; rejects when a process fails. */
  readonly ended: Promise<void>;
  kill(): void;
}

/** Longer than three keepalives. */
const silenceMs = 12_000;

export const targetOf = ({ member, address }: Member): ProxyTarget => ({ name: member, address, port: proxyPort });

/** Starts the clients; publishing begins when it is told to. */
export const startCrowd = (plan: Plan, { proxies, nats }: Fleet, folder: string): Crowd => {
  const targets = proxies.map(targetOf);
  const publicationFile = join(folder, "publishers.record");
  const roles = castOf(plan, seededRandom(plan.seed).fork(99));
  const audience = startAudience({ ...plan, roles, workers: plan.clientWorkers, silenceMs, proxies: targets, folder });
  const publisherEnded = Promise.withResolvers<void>();
  let publisher: Worker<PublisherOrder, PublisherWord> | undefined;
  const ended = Promise.all([audience.ended, publisherEnded.promise]).then(() => undefined);
  // Whoever waits for it learns of a failure; until then nobody may.
  ended.catch(() => undefined);
  return {
    audience,
    publicationFile,
    get publisher() {
      return publisher?.latest;
    },
    startPublishing: () => {
      const natsServers = nats.map(({ address }) => `${address}:${natsPort}`);
      const setup: PublisherSetup = { plan, proxies: targets, natsServers, recordFile: publicationFile };
      publisher = startWorker("./publisher-worker.ts", setup, join(folder, "logs/publisher.log"));
      publisher.ended.then(publisherEnded.resolve, publisherEnded.reject);
    },
    tellPublisher: (order) => publisher?.tell(order),
    ended,
    kill: () => {
      audience.kill();
      publisher?.kill();
    },
  };
};
