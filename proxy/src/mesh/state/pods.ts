import type { PeerStatus } from "./topic-state-sync.ts";

/** Between a proxy's name and the number of its event loop; no proxy_id has it. */
const mark = "~";

/** Name by which one event loop of a proxy is known at NATS, where it is a proxy of its own. */
export const loopName = (proxyId: string, loop: number): string => `${proxyId}${mark}${loop}`;

/** The proxy that an event loop belongs to; a proxy with one loop is known by its own name. */
export const podOf = (name: string): string => name.split(mark, 1)[0] ?? name;

const worst: Readonly<Record<PeerStatus["knowledge"], number>> = { held: 0, behind: 1, counted: 2, untold: 3 };

const together = (a: PeerStatus, b: PeerStatus): PeerStatus => ({
  ...a,
  protocol: Math.min(a.protocol, b.protocol),
  knowledge: worst[a.knowledge] >= worst[b.knowledge] ? a.knowledge : b.knowledge,
  topics: a.topics + b.topics,
  connections: a.connections + b.connections,
  startedAt: Math.min(a.startedAt, b.startedAt),
  lastHeardAt: Math.max(a.lastHeardAt, b.lastHeardAt),
});

/** The other proxies, each once however many event loops it has; `own` is this process's name or its loop's. */
export const peerPods = (peers: readonly PeerStatus[], own: string): readonly PeerStatus[] => {
  const pods = new Map<string, PeerStatus>();
  for (const peer of peers) {
    const id = podOf(peer.id);
    if (id === podOf(own)) continue;
    const before = pods.get(id);
    pods.set(id, before === undefined ? { ...peer, id } : together(before, peer));
  }
  return [...pods.values()];
};

/** Streams at the other proxies, and who of them has a loop that said nothing. */
export const censusOfPods = (
  { counts, silent }: { readonly counts: ReadonlyMap<string, number>; readonly silent: readonly string[] },
  own: string,
): { readonly counts: ReadonlyMap<string, number>; readonly silent: readonly string[] } => {
  const others = (name: string): boolean => podOf(name) !== podOf(own);
  const pods = new Map<string, number>();
  for (const [name, count] of counts) if (others(name)) pods.set(podOf(name), (pods.get(podOf(name)) ?? 0) + count);
  return { counts: pods, silent: [...new Set(silent.filter(others).map(podOf))] };
};
