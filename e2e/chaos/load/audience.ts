import { join } from "node:path";
import type { Role } from "./cast.ts";
import type { ProxyTarget } from "./client.ts";
import type { ClientOrder, ClientSetup, ClientWord } from "./client-worker.ts";
import { startWorker } from "./worker.ts";

export interface AudienceParts {
  readonly seed: number;
  readonly roles: readonly Role[];
  readonly workers: number;
  readonly silenceMs: number;
  readonly proxies: readonly ProxyTarget[];
  readonly folder: string;
}

/** All clients of a run, in processes of their own. */
export interface Audience {
  readonly recordFiles: readonly string[];
  /** Sums over all of them. */
  readonly now: ClientWord;
  tell(order: ClientOrder): void;
  /** Resolves when all were told to finish and have; rejects when a process fails. */
  readonly ended: Promise<void>;
  kill(): void;
}

const none: ClientWord = { live: 0, connects: 0, delivered: 0, gaps: 0, broken: 0, level: 0, clients: 0 };

const plus = (one: ClientWord, other: ClientWord): ClientWord => ({
  live: one.live + other.live,
  connects: one.connects + other.connects,
  delivered: one.delivered + other.delivered,
  gaps: one.gaps + other.gaps,
  broken: one.broken + other.broken,
  level: one.level + other.level,
  clients: one.clients + other.clients,
});

export const startAudience = ({ seed, roles, workers, silenceMs, proxies, folder }: AudienceParts): Audience => {
  const indexes = Array.from({ length: workers }, (_, index) => index);
  const recordFiles = indexes.map((index) => join(folder, `clients-${index}.record`));
  const processes = recordFiles.map((recordFile, index) => {
    const own = roles.filter(({ client }) => client % workers === index);
    const setup: ClientSetup = { seed: seed + index, roles: own, silenceMs, proxies, recordFile };
    return startWorker<ClientOrder, ClientWord>("./client-worker.ts", setup, join(folder, `logs/clients-${index}.log`));
  });
  const ended = Promise.all(processes.map((each) => each.ended)).then(() => undefined);
  // Whoever waits for it learns of a failure; until then nobody may.
  ended.catch(() => undefined);
  return {
    recordFiles,
    get now() {
      return processes.reduce((sum, { latest }) => plus(sum, latest ?? none), none);
    },
    tell: (order) => {
      for (const each of processes) each.tell(order);
    },
    ended,
    kill: () => {
      for (const each of processes) each.kill();
    },
  };
};
