import type { Log } from "../hub/ports.ts";
import type { EffectiveLimits } from "./effective-limits.ts";
import { pressedResources, pressureText, type Resource, type Usage } from "./pressure.ts";
import { countDescriptors, growthMeter, movingMean } from "./usage-meter.ts";

export interface UsageWatchParts {
  readonly limits: () => EffectiveLimits;
  /** Bytes in use. */
  readonly memory: () => number;
  /** Bytes of event stream handed to sockets since the start. */
  readonly bytesSent: () => number;
  readonly log: Log;
}

const sampleMs = 1_000;
const samplesAveraged = 5;
/** Counting descriptors can mean listing a folder with one name a stream. */
const samplesPerCount = 5;

/** Looks once a second at what the process uses, and says what keeps new streams out. */
export class UsageWatch {
  readonly #parts: UsageWatchParts;
  readonly #cpu: () => number;
  readonly #network: () => number;
  #usage: Usage = { memory: undefined, cpu: undefined, network: undefined, fileDescriptors: undefined };
  #pressed: ReadonlySet<Resource> = new Set();
  #samples = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: UsageWatchParts) {
    this.#parts = parts;
    const now = (): number => performance.now();
    const cpuSeconds = growthMeter(() => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }, now);
    const bytes = growthMeter(parts.bytesSent, now);
    const meanCpu = movingMean(samplesAveraged);
    const meanNetwork = movingMean(samplesAveraged);
    this.#cpu = () => meanCpu(cpuSeconds() * 100);
    this.#network = () => meanNetwork((bytes() * 8) / 1e6);
  }

  /** What keeps new streams out, in words; undefined when they may come. */
  get fullOf(): string | undefined {
    const [resource] = this.#pressed;
    return resource === undefined ? undefined : pressureText(resource, this.#usage, this.#parts.limits());
  }

  get usage(): Usage {
    return this.#usage;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#sample(), sampleMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    try {
      const count = this.#samples % samplesPerCount === 0;
      this.#samples += 1;
      const fileDescriptors = count ? await countDescriptors() : this.#usage.fileDescriptors;
      this.#usage = {
        memory: this.#parts.memory(),
        cpu: this.#cpu(),
        network: this.#network(),
        fileDescriptors,
      };
      this.#judge();
    } catch (fault) {
      this.#parts.log.error("Looking at what the process uses failed; it is tried again", { fault: String(fault) });
    }
  }

  #judge(): void {
    const limits = this.#parts.limits();
    const before = this.#pressed;
    this.#pressed = pressedResources(before, this.#usage, limits);
    for (const resource of this.#pressed)
      if (!before.has(resource))
        this.#parts.log.warn(`New streams are refused: ${pressureText(resource, this.#usage, limits)}`);
    if (before.size > 0 && this.#pressed.size === 0) this.#parts.log.info("New streams are taken again");
  }
}
