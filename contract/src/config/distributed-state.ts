import { z } from "zod";
import { cold } from "./key.ts";

/** `[distributed_state]`: what proxies tell each other. */
export const distributedStateSection = z
  .strictObject({
    gossipIntervalSec: cold(
      z.number().min(0.2).max(300).default(5),
      "Seconds between two heartbeats of this proxy to its peers. What proxies know of each other's topics is right again within two of them after any fault.",
    ),
    peerTimeoutSec: cold(
      z.int().min(2).max(3_600).default(20),
      "Seconds without a heartbeat after which a peer counts as gone. At least twice gossip_interval_sec.",
    ),
    maxSubscriptionEvents: cold(
      z.int().min(1).max(5_000).default(1_000),
      "Most changes of topics in one message to the peers; when so many have gathered, they are told at once.",
    ),
    maxTopicsPerPeer: cold(
      z.int().min(0).max(10_000_000).default(200_000),
      "Topics of one peer that are held in memory (about 100 bytes each). Of a peer with more only the number is known, and it is asked when somebody wants to know who listens to a topic.",
    ),
  })
  .prefault({})
  .describe("What proxies tell each other.");
