import type { Presence } from "./presence-message.ts";

export interface Peer extends Presence {
  readonly lastHeardAt: number;
}

export interface PeerTable {
  /** `new`: nothing was known of this peer. `ignored`: an older life of a peer, a farewell of a stranger, or no room. */
  heard(presence: Presence, now: number): "new" | "known" | "gone" | "ignored";
  /** Peers heard of within the time-out. */
  peers(now: number): readonly Peer[];
}

/** More proxies than one instance will ever have: a bound on memory, not on use. */
const defaultMostPeers = 1_000;

/** One entry a proxy; its latest life counts. */
export const createPeerTable = (timeoutMs: number, mostPeers = defaultMostPeers): PeerTable => {
  const table = new Map<string, Peer>();

  const expire = (now: number): void => {
    for (const [proxyId, peer] of table) if (now - peer.lastHeardAt >= timeoutMs) table.delete(proxyId);
  };

  const place = (presence: Presence, known: Peer | undefined, now: number): "new" | "known" | "ignored" => {
    if (known === undefined && table.size >= mostPeers) return "ignored";
    table.set(presence.proxyId, { ...presence, lastHeardAt: now });
    return known?.epoch === presence.epoch ? "known" : "new";
  };

  return {
    heard: (presence, now) => {
      expire(now);
      const known = table.get(presence.proxyId);
      if (known !== undefined && presence.epoch < known.epoch) return "ignored";
      if (!presence.bye) return place(presence, known, now);
      return table.delete(presence.proxyId) ? "gone" : "ignored";
    },
    peers: (now) => {
      expire(now);
      return [...table.values()];
    },
  };
};
