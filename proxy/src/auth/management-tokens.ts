import { readFile } from "node:fs/promises";
import type { Log } from "../hub/ports.ts";
import { poll } from "./poll.ts";
import { type SecretDigest, sameSecret, secretDigest } from "./secret-digest.ts";

const pollIntervalMs = 3_000;

/** `nobody`: no token is configured and the address is not a loopback one. */
type ManagementRole = "admin" | "read" | "missing" | "invalid" | "nobody";

interface TokenSettings {
  readonly readTokenFile: string | undefined;
  readonly adminTokenFile: string | undefined;
  /** Whether everybody who can connect is on this machine. */
  readonly loopback: boolean;
  readonly log: Log;
}

/** Tokens of the management plane, read anew when their files change. A file that cannot be read lets nobody in. */
export class ManagementTokens {
  readonly #settings: TokenSettings;
  #read: SecretDigest | undefined;
  #admin: SecretDigest | undefined;
  #told = new Set<string>();
  #stop: (() => void) | undefined;

  constructor(settings: TokenSettings) {
    this.#settings = settings;
  }

  async start(): Promise<void> {
    await this.refresh();
    if (this.#configured) this.#stop = poll(pollIntervalMs, () => this.refresh());
  }

  stop(): void {
    this.#stop?.();
  }

  async refresh(): Promise<void> {
    this.#read = await this.#digestOf(this.#settings.readTokenFile);
    this.#admin = await this.#digestOf(this.#settings.adminTokenFile);
  }

  /** What the bearer of `secret` may do. */
  role(secret: string | undefined): ManagementRole {
    if (!this.#configured) return this.#settings.loopback ? "admin" : "nobody";
    if (secret === undefined) return "missing";
    const asked = secretDigest(secret);
    const admin = this.#admin !== undefined && sameSecret(asked, this.#admin);
    const read = this.#read !== undefined && sameSecret(asked, this.#read);
    return admin ? "admin" : read ? "read" : "invalid";
  }

  get #configured(): boolean {
    return this.#settings.readTokenFile !== undefined || this.#settings.adminTokenFile !== undefined;
  }

  async #digestOf(file: string | undefined): Promise<SecretDigest | undefined> {
    if (file === undefined) return undefined;
    try {
      const secret = (await readFile(file, "utf8")).trim();
      this.#told.delete(file);
      return secret === "" ? undefined : secretDigest(secret);
    } catch (error) {
      if (!this.#told.has(file))
        this.#settings.log.error(
          `The management token cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        );
      this.#told.add(file);
      return undefined;
    }
  }
}
