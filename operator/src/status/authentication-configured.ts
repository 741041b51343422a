import { names } from "@revenprox/contract/names";
import type { Situation } from "./situation.ts";
import { isFalse, type Verdict } from "./verdict.ts";

/** Whether somebody decides who may read. There is no verifier yet, so nobody does. */
export const authenticationConfigured = ({ input }: Situation): Verdict =>
  isFalse(
    "PublishKeyOnly",
    `Anybody who reaches the proxies may read every topic. Publishing needs a key of the Secret ${names(input.revenprox.metadata.name).publishKey}.`,
  );
