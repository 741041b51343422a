import { Agent } from "node:http";
import { publicationLine } from "../check/record.ts";
import type { Plan } from "../plan.ts";
import { seededRandom } from "../random.ts";
import { connectToNats, publishDirectly, publishMalformed } from "./direct-publish.ts";
import { type HttpTarget, publishOnce } from "./http-publish.ts";
import { openLineFile } from "./line-file.ts";
import { Publisher, type PublisherCounts } from "./publisher.ts";

export interface PublisherSetup {
  readonly plan: Plan;
  readonly proxies: readonly HttpTarget[];
  readonly natsServers: readonly string[];
  readonly recordFile: string;
}

/** `quiet`: no new ones; `last`: the last event of every topic. */
export type PublisherOrder = "quiet" | "last" | "finish";

export interface PublisherWord extends PublisherCounts {
  readonly lastPublished: boolean;
}

const run = async ({ plan, proxies, natsServers, recordFile }: PublisherSetup): Promise<void> => {
  const record = openLineFile(recordFile);
  const random = seededRandom(plan.seed).fork(98);
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const nats = await connectToNats(natsServers);
  let lastPublished = false;
  const publisher = new Publisher({
    plan,
    random,
    overHttp: (publish) => publishOnce(agent, random.pick(proxies), publish),
    directly: (publish) => publishDirectly(nats, publish),
    malformed: (topic) => publishMalformed(nats, topic),
    write: (publication) => record.write(publicationLine(publication)),
  });
  publisher.start();
  const telling = setInterval(() => {
    process.send?.({ ...publisher.counts, lastPublished } satisfies PublisherWord);
  }, 500);
  process.on("message", (order: PublisherOrder) => {
    if (order === "quiet") publisher.stop();
    if (order === "last")
      void publisher.publishLast().then(() => {
        lastPublished = true;
      });
    if (order !== "finish") return;
    clearInterval(telling);
    record.close();
    process.disconnect();
  });
};

process.once("message", ({ setup }: { readonly setup: PublisherSetup }) => {
  run(setup).catch((fault: unknown) => {
    console.error(fault);
    process.exit(1);
  });
});
process.once("disconnect", () => process.exit(0));
