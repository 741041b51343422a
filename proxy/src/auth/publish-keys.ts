import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type PublishKeyFile, parseKeyFile } from "@revenprox/contract/publish-key-file";
import type { Log } from "../hub/ports.ts";
import { poll } from "./poll.ts";
import { type SecretDigest, sameSecret, sameText, secretDigest } from "./secret-digest.ts";
import { matchesAny } from "./topic-pattern.ts";

/** Milliseconds between two looks into the folder. */
const pollIntervalMs = 3_000;

interface PublishKey extends Omit<PublishKeyFile, "secret"> {
  readonly id: string;
  readonly digest: SecretDigest;
}

/** A secret that fits, and the keys that it fits. */
interface Fitting {
  readonly secret: string;
  readonly keys: readonly PublishKey[];
}

/** Fitting secrets that are remembered: services that publish are few, and each publishes again and again. */
const remembered = 4;

/** What a secret is worth. `expired` and `other-topic` name the key, so that its owner can be helped. */
export type KeyVerdict =
  | { readonly kind: "valid" | "expired" | "other-topic"; readonly id: string }
  | { readonly kind: "invalid" };

/** What was found in the folder: keys by id, and what cannot be used, without any secret. */
interface KeyListing {
  readonly keys: readonly PublishKey[];
  readonly faults: readonly string[];
}

const hidden = (name: string): boolean => name.startsWith(".");

/** Reads the keys of a folder: one file a key, its name the id. Kubernetes' own `..data` entries are hidden files. */
const readKeys = async (folder: string): Promise<KeyListing> => {
  const keys: PublishKey[] = [];
  const faults: string[] = [];
  for (const id of (await readdir(folder)).filter((name) => !hidden(name)).toSorted()) {
    try {
      const parsed = parseKeyFile(await readFile(join(folder, id), "utf8"));
      if (parsed.kind === "fault") {
        faults.push(`key ${id} is not used: ${parsed.fault}`);
        continue;
      }
      const { secret, topics, expires } = parsed.key;
      keys.push({ id, digest: secretDigest(secret), topics, expires });
    } catch (error) {
      faults.push(
        `key ${id} cannot be read: ${error instanceof Error && "code" in error ? String(error.code) : "unknown"}`,
      );
    }
  }
  return { keys, faults };
};

const fingerprint = ({ keys, faults }: KeyListing): string =>
  JSON.stringify([keys.map((key) => ({ ...key, digest: Buffer.from(key.digest).toString("hex") })), faults]);

/** The keys that may publish. A folder that cannot be read means no keys, so nobody may. */
export class PublishKeys {
  readonly #folder: string;
  readonly #log: Log;
  readonly #now: () => number;
  #listing: KeyListing = { keys: [], faults: [] };
  /** Of the present keys, the last one used anew first. To hash a secret costs more than all else that it is asked for. */
  #fitting: readonly Fitting[] = [];
  #stop: (() => void) | undefined;

  constructor(parts: { readonly folder: string; readonly log: Log; readonly now: () => number }) {
    this.#folder = parts.folder;
    this.#log = parts.log;
    this.#now = parts.now;
  }

  /** Reads the folder once and then every few seconds. */
  async start(): Promise<void> {
    await this.refresh();
    if (this.#listing.keys.length === 0)
      this.#log.warn(`No publish key in ${this.#folder}: no key can publish until one is there`);
    this.#stop = poll(pollIntervalMs, () => this.refresh());
  }

  stop(): void {
    this.#stop?.();
  }

  async refresh(): Promise<void> {
    const listing = await this.#read();
    if (fingerprint(listing) === fingerprint(this.#listing)) return;
    this.#listing = listing;
    this.#fitting = [];
    for (const fault of listing.faults) this.#log.warn(`In ${this.#folder}: ${fault}`);
    this.#log.info(`Publish keys read from ${this.#folder}: ${listing.keys.map(({ id }) => id).join(", ") || "none"}`);
  }

  /** Of several files with one secret, the most useful counts. */
  verify(secret: string, topic: string): KeyVerdict {
    let best: KeyVerdict = { kind: "invalid" };
    for (const key of this.#fittingOf(secret)) {
      const found = this.#verdictOf(key, topic);
      if (best.kind === "invalid" || found.kind === "valid") best = found;
    }
    return best;
  }

  /** Looks at all that are remembered, and of a secret that is not at every key, so that the time taken tells nothing. */
  #fittingOf(secret: string): readonly PublishKey[] {
    let known: Fitting | undefined;
    for (const fitting of this.#fitting) if (sameText(secret, fitting.secret)) known = fitting;
    if (known !== undefined) return known.keys;
    const asked = secretDigest(secret);
    const keys = this.#listing.keys.filter(({ digest }) => sameSecret(asked, digest));
    // Those that fit no key are not remembered: whoever sends many of them must not drive out the others.
    if (keys.length > 0) this.#fitting = [{ secret, keys }, ...this.#fitting.slice(0, remembered - 1)];
    return keys;
  }

  #verdictOf({ id, topics, expires }: PublishKey, topic: string): KeyVerdict {
    if (expires !== undefined && expires <= this.#now()) return { kind: "expired", id };
    return topics === undefined || matchesAny(topics, topic) ? { kind: "valid", id } : { kind: "other-topic", id };
  }

  async #read(): Promise<KeyListing> {
    try {
      return await readKeys(this.#folder);
    } catch (error) {
      return {
        keys: [],
        faults: [`the folder cannot be read: ${error instanceof Error ? error.message : String(error)}`],
      };
    }
  }
}
