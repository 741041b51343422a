import { readFileSync } from "node:fs";
import type { NatsConfig } from "@revenprox/contract/config/proxy-config";
import type { Clock, Log } from "../hub/ports.ts";

export interface CredentialsWatchDeps {
  readonly clock: Pick<Clock, "after">;
  readonly log: Log;
  readonly nats: Pick<NatsConfig, "user" | "passwordFile">;
  /** Connects once with what the file holds now, and leaves; rejects when NATS refuses that. */
  readonly probe: () => Promise<void>;
  /** Makes all connections anew, one after the other. */
  readonly renew: () => Promise<void>;
}

/** By content, since a Secret mount swaps symbolic links. */
const lookMs = 5_000;

/**
 * Follows the password's file. A changed password is tried first, for NATS may learn of it later than this process:
 * until then the connections of the old one are the only ones that work.
 */
export class CredentialsWatch {
  readonly #deps: CredentialsWatchDeps;
  #inUse: string | undefined;
  #told: string | undefined;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(deps: CredentialsWatchDeps) {
    this.#deps = deps;
  }

  /** Call it before the first connect, so that no change falls between the two. */
  start(): void {
    if (this.#deps.nats.user === undefined || this.#deps.nats.passwordFile === undefined) return;
    this.#inUse = this.#read();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancel = this.#deps.clock.after(lookMs, () => void this.#look().finally(() => this.#schedule()));
  }

  async #look(): Promise<void> {
    const found = this.#read();
    // The connections say it themselves when they need a file that cannot be read.
    if (found === undefined || found === this.#inUse) return;
    const { log, probe, renew } = this.#deps;
    try {
      await probe();
    } catch (fault) {
      if (this.#told !== found) {
        log.warn("NATS does not take the changed password; the connections stay as they are, and it is tried again", {
          cause: String(fault),
        });
      }
      this.#told = found;
      return;
    }
    this.#inUse = found;
    log.info("The NATS password has changed: the connections are made anew, one after the other");
    await renew();
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#deps.nats.passwordFile ?? "", "utf8").trim();
    } catch (fault) {
      this.#deps.log.debug("The NATS password cannot be read", { cause: String(fault) });
      return undefined;
    }
  }
}
