import { readFile } from "node:fs/promises";
import type { Log } from "../hub/ports.ts";
import { faultLine } from "./fault.ts";
import type { LiveConfigHolder, Reloaded } from "./live-config.ts";
import { type ConfigText, loadConfig } from "./load-config.ts";
import type { Environment } from "./process-environment.ts";

/** Milliseconds between two looks at the config files: by content, since a ConfigMap mount swaps symbolic links. */
const pollIntervalMs = 2_000;

export interface ConfigWatchParts {
  readonly live: LiveConfigHolder;
  readonly files: readonly ConfigText[];
  readonly environment: Environment;
  readonly log: Log;
  /** The files were refused, and what was read before is in force; false again once they are taken. */
  readonly onRefused?: (refused: boolean) => void;
}

const readAll = (files: readonly ConfigText[]): Promise<ConfigText[]> =>
  Promise.all(files.map(async ({ file }) => ({ file, text: await readFile(file, "utf8") })));

const tell = (reloaded: Reloaded, log: Log): void => {
  if (reloaded.kind === "refused") {
    log.error(
      `The new configuration is refused, the old one stays in force: ${reloaded.faults.map(faultLine).join("; ")}`,
    );
  }
  if (reloaded.kind !== "applied") return;
  if (reloaded.changed.length > 0) log.info(`Configuration changed: ${reloaded.changed.join(", ")}`);
  if (reloaded.needRestart.length > 0) {
    log.warn(`Changed keys that take effect only after a restart: ${reloaded.needRestart.join(", ")}`);
  }
};

/** Reads the config files anew when their content changes, and on `reloadNow`. */
export class ConfigWatch {
  readonly #parts: ConfigWatchParts;
  #texts: readonly ConfigText[];
  #unreadable = false;
  /** The look that is under way, and those behind it: one that began earlier must not end later, with older text. */
  #looks: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ConfigWatchParts) {
    this.#parts = parts;
    this.#texts = parts.files;
  }

  start(): void {
    if (this.#texts.length === 0) return;
    this.#timer = setTimeout(() => this.#look(false).finally(() => this.start()), pollIntervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#texts = [];
  }

  /** Applies the files as they are now, changed or not (SIGHUP). */
  reloadNow(): Promise<void> {
    return this.#look(true);
  }

  #look(always: boolean): Promise<void> {
    this.#looks = this.#looks.then(() => this.#lookNow(always));
    return this.#looks;
  }

  async #lookNow(always: boolean): Promise<void> {
    const { live, environment, log, onRefused } = this.#parts;
    try {
      const texts = await readAll(this.#texts);
      this.#unreadable = false;
      if (!always && texts.every(({ text }, index) => text === this.#texts[index]?.text)) return;
      this.#texts = texts;
      const reloaded = live.reload(loadConfig({ files: texts, environment }));
      onRefused?.(reloaded.kind === "refused");
      tell(reloaded, log);
    } catch (error) {
      if (!this.#unreadable)
        log.error(`A config file cannot be read, the old configuration stays in force: ${String(error)}`);
      this.#unreadable = true;
    }
  }
}
