import type { Peers } from "./catalogue.ts";
import { debianFolder } from "./subjects/debian-folder.ts";
import { givenPeers } from "./subjects/given-peers.ts";
import { nchan, nchanPackages } from "./subjects/nchan.ts";
import { pushpin, pushpinPackages } from "./subjects/pushpin.ts";
import { nodeHttp } from "./subjects/simple-server.ts";

/** Peers that are there, and what is not. */
export interface FoundPeers extends Peers {
  readonly missing: readonly string[];
}

/** Fetches what can be fetched; a peer that cannot run is named with the reason and left out. */
export const findPeers = async (quick: boolean, say: (line: string) => void): Promise<FoundPeers> => {
  const missing: string[] = [];
  if (quick) return { found: [], missing };
  say("looking for peers: nchan and pushpin from Debian's packages");
  const without = (name: string) => (why: string) => {
    say(`${name} is left out: ${why}`);
    missing.push(`${name}: ${why}`);
  };
  const nchanFolder = await debianFolder("nchan", nchanPackages, without("nchan"));
  const pushpinFolder = await debianFolder("pushpin", pushpinPackages, without("pushpin"));
  const given = givenPeers();
  missing.push(...given.missing);
  return {
    found: [
      { subject: nodeHttp, rates: { b: 100, b2: 9, c: 15_000 } },
      ...(nchanFolder === undefined ? [] : [{ subject: nchan(nchanFolder), rates: { b: 180, b2: 10, c: 25_000 } }]),
      // It takes a few hundred connects a second: 10,000 of them in each run would take longer than all the rest.
      ...(pushpinFolder === undefined ? [] : [{ subject: pushpin(pushpinFolder), rates: { b: 20 } }]),
      ...given.found,
    ],
    missing,
  };
};
