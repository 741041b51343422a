import { seededRandom } from "../random.ts";
import type { Role } from "./cast.ts";
import { Client, type ClientCounts, type ProxyTarget, type Whereabouts } from "./client.ts";
import { openLineFile } from "./line-file.ts";

export interface ClientSetup {
  readonly seed: number;
  readonly roles: readonly Role[];
  readonly silenceMs: number;
  readonly proxies: readonly ProxyTarget[];
  readonly recordFile: string;
}

export type ClientOrder =
  | { readonly kind: "settle" | "finish" }
  /** From now on these are the proxies; who has no stream goes there at once. */
  | { readonly kind: "go"; readonly proxies: readonly ProxyTarget[] };

export interface ClientWord extends ClientCounts {
  /** Clients that have the last event of each of their topics. */
  readonly level: number;
  readonly clients: number;
}

const startEveryMs = 2;
const tellEveryMs = 500;

const run = ({ seed, roles, silenceMs, proxies, recordFile }: ClientSetup): void => {
  const record = openLineFile(recordFile);
  const counts: ClientCounts = { live: 0, connects: 0, delivered: 0, gaps: 0, broken: 0 };
  const random = seededRandom(seed);
  const whereabouts: Whereabouts = { proxies };
  const common = { whereabouts, counts, silenceMs, write: record.write };
  const clients = roles.map((role) => new Client({ ...role, ...common, random: random.fork(role.client) }));
  for (const [index, client] of clients.entries()) setTimeout(() => client.start(), index * startEveryMs);
  const tell = (): void => {
    const level = clients.filter((client) => client.level).length;
    process.send?.({ ...counts, level, clients: clients.length } satisfies ClientWord);
  };
  const telling = setInterval(tell, tellEveryMs);
  const obey = (order: ClientOrder): void => {
    switch (order.kind) {
      case "go":
        whereabouts.proxies = order.proxies;
        for (const client of clients) client.call();
        break;
      case "settle":
        for (const client of clients) client.settle();
        break;
      case "finish":
        clearInterval(telling);
        for (const client of clients) client.stop();
        record.close();
        process.disconnect();
    }
  };
  process.on("message", obey);
};

process.once("message", ({ setup }: { readonly setup: ClientSetup }) => run(setup));
process.once("disconnect", () => process.exit(0));
