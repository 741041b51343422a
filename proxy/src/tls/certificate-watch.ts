import type { Clock, Log } from "../hub/ports.ts";
import { type Certificate, readCertificate } from "./certificate-files.ts";

/** Milliseconds between two looks at the files: by content, since a Secret mount swaps symbolic links. */
const pollIntervalMs = 3_000;

export interface CertificateWatchParts {
  /** What is in use. */
  readonly certificate: Certificate;
  /** Puts a new one to use; throws when it is not taken. */
  readonly use: (certificate: Certificate) => void;
  readonly clock: Pick<Clock, "after">;
  readonly log: Log;
}

const same = (a: Certificate, b: Certificate): boolean => a.cert === b.cert && a.key === b.key;

/** Puts a changed certificate to use. One that cannot be used is told once, and the old one stays in use. */
export class CertificateWatch {
  readonly #parts: CertificateWatchParts;
  #inUse: Certificate;
  #told: string | undefined;
  #cancel: (() => void) | undefined;

  constructor(parts: CertificateWatchParts) {
    this.#parts = parts;
    this.#inUse = parts.certificate;
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(pollIntervalMs, () => {
      this.start();
      void this.look();
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  async look(): Promise<void> {
    const { log, use } = this.#parts;
    try {
      const found = await readCertificate(this.#inUse);
      this.#told = undefined;
      if (same(found, this.#inUse)) return;
      use(found);
      this.#inUse = found;
      log.info(`New connections are shown the changed certificate in ${found.certFile}`);
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.#told) log.error(`The changed certificate is not used, the old one stays in use: ${fault}`);
      this.#told = fault;
    }
  }
}
