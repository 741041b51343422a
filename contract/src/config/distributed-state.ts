import { z } from "zod";
import { cold } from "./key.ts";

/** `[distributed_state]`: what proxies tell each other. */
export const distributedStateSection = z
  .strictObject({
    gossipIntervalSec: cold(
      z.int().min(1).max(300).default(5),
      "Seconds between two announcements of this proxy to its peers.",
    ),
    peerTimeoutSec: cold(
      z.int().min(2).max(3_600).default(20),
      "Seconds without an announcement after which a peer counts as gone. At least twice gossip_interval_sec.",
    ),
  })
  .prefault({})
  .describe("What proxies tell each other.");
