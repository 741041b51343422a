import { readFile } from "node:fs/promises";
import type { Log } from "../hub/ports.ts";
import { poll } from "./poll.ts";
import { parseHeaderLines } from "./upstream-headers.ts";

const pollIntervalMs = 3_000;

const fileNames = ["headers", "ca", "cert", "key"] as const;
type FileName = (typeof fileNames)[number];

/** Paths of the files; what is undefined is not used. */
export type UpstreamFilePaths = Readonly<Record<FileName, string | undefined>>;

/** What a call to the verifier is made with. */
export interface UpstreamIdentity {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

type Texts = Readonly<Partial<Record<FileName, string>>>;

const identityOf = ({ headers, ca, cert, key }: Texts): UpstreamIdentity => ({
  headers: parseHeaderLines(headers ?? "").headers,
  tls: {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  },
});

/** Headers and certificates for the verifier, read anew when their files change. */
export class UpstreamFiles {
  readonly #paths: UpstreamFilePaths;
  readonly #log: Log;
  readonly #told = new Set<FileName>();
  #texts: Texts | undefined;
  #identity: UpstreamIdentity | undefined;
  #stop: (() => void) | undefined;

  constructor(parts: { readonly paths: UpstreamFilePaths; readonly log: Log }) {
    this.#paths = parts.paths;
    this.#log = parts.log;
  }

  async start(): Promise<void> {
    await this.refresh();
    if (fileNames.some((name) => this.#paths[name] !== undefined))
      this.#stop = poll(pollIntervalMs, () => this.refresh());
  }

  stop(): void {
    this.#stop?.();
  }

  /** The same object while no file changes; undefined while one of them cannot be read, and then nobody is to be asked. */
  identity(): UpstreamIdentity | undefined {
    return this.#identity;
  }

  async refresh(): Promise<void> {
    const texts: Partial<Record<FileName, string>> = {};
    let complete = true;
    for (const name of fileNames) {
      const text = await this.#read(name);
      if (text.kind === "unreadable") complete = false;
      else if (text.kind === "text") texts[name] = text.text;
    }
    if (!complete) this.#texts = undefined;
    if (!complete) this.#identity = undefined;
    if (!complete || fileNames.every((name) => this.#texts !== undefined && texts[name] === this.#texts[name])) return;
    this.#texts = texts;
    this.#identity = identityOf(texts);
    for (const fault of parseHeaderLines(texts.headers ?? "").faults)
      this.#log.warn(`In ${this.#paths.headers}: ${fault}, and is left out`);
  }

  async #read(name: FileName): Promise<{ kind: "none" } | { kind: "text"; text: string } | { kind: "unreadable" }> {
    const path = this.#paths[name];
    if (path === undefined) return { kind: "none" };
    try {
      const text = await readFile(path, "utf8");
      this.#told.delete(name);
      return { kind: "text", text };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      if (!this.#told.has(name))
        this.#log.error(`${path} cannot be read (${code}): the verifier is not asked until it can`);
      this.#told.add(name);
      return { kind: "unreadable" };
    }
  }
}
