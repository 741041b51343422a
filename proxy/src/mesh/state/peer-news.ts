import type { DistributedStateConfig } from "@revenprox/contract/config/proxy-config";
import type { Clock, Log } from "../../hub/ports.ts";
import { boundedWarning } from "../bounded-log.ts";
import { podOf } from "./pods.ts";
import type { News } from "./topic-state.ts";

export interface PeerNewsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly proxyId: string;
  readonly distributedState: Pick<DistributedStateConfig, "maxTopicsPerPeer">;
}

/** Tells in the log what a person may want to know of the peers. */
export const peerNews = (deps: PeerNewsDeps): ((news: News) => void) => {
  const { log, proxyId: own, distributedState } = deps;
  const namesake = boundedWarning(
    deps,
    `Another proxy announces itself as ${own} too: give each proxy a proxy_id of its own, or their streams are not counted`,
  );
  // The other event loops of this proxy are known to whoever started them.
  const ours = (peer: string): boolean => podOf(peer) === podOf(own);
  return (news) => {
    switch (news.kind) {
      case "peer-new": {
        const { proxyId: peer, build, protocol } = news.peer.said;
        if (!ours(peer)) log.info(`Peer ${peer} is here`, { peer, build, protocol });
        return;
      }
      case "peer-counted": {
        const { proxyId: peer, topics } = news.peer.said;
        if (ours(peer)) return;
        log.warn(
          `Peer ${peer} has ${topics} topics, more than distributed_state.max_topics_per_peer (${distributedState.maxTopicsPerPeer}): they are counted, and it is asked when somebody wants to know more`,
          { peer, topics },
        );
        return;
      }
      case "peer-gone":
        if (!ours(news.proxyId)) log.info(`Peer ${news.proxyId} has said goodbye`, { peer: news.proxyId });
        return;
      case "namesake":
        namesake({});
    }
  };
};
