import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../hub/ports.ts";
import { poll } from "./poll.ts";
import { type SecretDigest, sameSecret, secretDigest } from "./secret-digest.ts";

/** Shortest secret that is taken for a key. */
const minSecretLength = 16;

/** Milliseconds between two looks into the folder. */
const pollIntervalMs = 3_000;

type KeyVerdict = "valid" | "missing" | "invalid";

/** What was found in the folder: keys by id, and what cannot be used, without any secret. */
interface KeyListing {
  readonly keys: ReadonlyMap<string, SecretDigest>;
  readonly faults: readonly string[];
}

const hidden = (name: string): boolean => name.startsWith(".");

/** Reads the keys of a folder: one file a key, its name the id. Kubernetes' own `..data` entries are hidden files. */
const readKeys = async (folder: string): Promise<KeyListing> => {
  const keys = new Map<string, SecretDigest>();
  const faults: string[] = [];
  for (const id of (await readdir(folder)).filter((name) => !hidden(name)).toSorted()) {
    try {
      const secret = (await readFile(join(folder, id), "utf8")).trim();
      if (secret.length >= minSecretLength && !/\s/.test(secret)) keys.set(id, secretDigest(secret));
      else faults.push(`key ${id} is not used: a key is at least ${minSecretLength} characters without spaces`);
    } catch (error) {
      faults.push(
        `key ${id} cannot be read: ${error instanceof Error && "code" in error ? String(error.code) : "unknown"}`,
      );
    }
  }
  return { keys, faults };
};

const sameListing = (a: KeyListing, b: KeyListing): boolean =>
  a.faults.join() === b.faults.join() &&
  a.keys.size === b.keys.size &&
  [...a.keys].every(([id, digest]) => {
    const other = b.keys.get(id);
    return other !== undefined && sameSecret(digest, other);
  });

const nothing: KeyListing = { keys: new Map(), faults: [] };

/** The keys that may publish. A folder that cannot be read means no keys, so nobody may. */
export class PublishKeys {
  readonly #folder: string;
  readonly #log: Log;
  #listing: KeyListing = nothing;
  #stop: (() => void) | undefined;

  constructor(parts: { readonly folder: string; readonly log: Log }) {
    this.#folder = parts.folder;
    this.#log = parts.log;
  }

  /** Reads the folder once and then every few seconds. */
  async start(): Promise<void> {
    await this.refresh();
    if (this.#listing.keys.size === 0)
      this.#log.warn(`No publish key in ${this.#folder}: every publish is refused until one is there`);
    this.#stop = poll(pollIntervalMs, () => this.refresh());
  }

  stop(): void {
    this.#stop?.();
  }

  async refresh(): Promise<void> {
    const listing = await this.#read();
    if (sameListing(listing, this.#listing)) return;
    this.#listing = listing;
    for (const fault of listing.faults) this.#log.warn(`In ${this.#folder}: ${fault}`);
    this.#log.info(`Publish keys read from ${this.#folder}: ${[...listing.keys.keys()].join(", ") || "none"}`);
  }

  /** Looks at every key, so that the time taken tells nothing. */
  verify(secret: string | undefined): KeyVerdict {
    if (secret === undefined) return "missing";
    const asked = secretDigest(secret);
    let known = false;
    for (const digest of this.#listing.keys.values()) known = sameSecret(asked, digest) || known;
    return known ? "valid" : "invalid";
  }

  async #read(): Promise<KeyListing> {
    try {
      return await readKeys(this.#folder);
    } catch (error) {
      return {
        keys: new Map(),
        faults: [`the folder cannot be read: ${error instanceof Error ? error.message : String(error)}`],
      };
    }
  }
}
