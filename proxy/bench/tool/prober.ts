import { Agent, get } from "node:http";

const everyMs = 10;
const latestMs = 10_000;

const ask = (agent: Agent, url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const fail = (cause: unknown): void => reject(new Error(`${url} was not answered whole`, { cause }));
    get(url, { agent, signal: AbortSignal.timeout(latestMs) }, (response) => {
      response
        .resume()
        .on("end", () => resolve(performance.now() - began))
        .on("error", fail);
    }).on("error", fail);
  });

/** Asks a server something small again and again while it does other things: how long do others on its event loop wait? */
export class Prober {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;
  readonly #took: number[] = [];
  #stopped = false;
  #done: Promise<void> = Promise.resolve();

  /** `target` is host:port. */
  constructor(target: string) {
    this.#url = `http://${target}/health`;
  }

  start(): void {
    this.#done = this.#run();
    // Whoever stops it learns of it.
    this.#done.catch(() => undefined);
  }

  /** Milliseconds that each question took, ascending. Throws when one was not answered. */
  async stop(): Promise<readonly number[]> {
    this.#stopped = true;
    await this.#done;
    this.#agent.destroy();
    return this.#took.toSorted((a, b) => a - b);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#took.push(await ask(this.#agent, this.#url));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
