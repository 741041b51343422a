import { z } from "zod";
import { live } from "./key.ts";

/** `[limits]`: above what this process takes no new streams. Each begins to be refused at the limit, and to be taken again below 95 % of it. */
export const limitsSection = z
  .strictObject({
    maxMemoryMb: live(
      z.int().min(0).max(16_777_216).default(0),
      "Resident memory in MiB above which new streams are refused with 503 until it is below 95 % of that. 0: nine tenths of the cgroup's limit, or of the machine's memory; a higher number never raises the limit above that.",
    ),
    maxCpuPercent: live(
      z.int().min(0).max(100_000).default(0),
      "CPU in percent of one core (as revenprox_cpu_usage_percent), averaged over 5 seconds, above which new streams are refused. 0: no limit.",
    ),
    maxNetworkMbps: live(
      z.int().min(0).max(10_000_000).default(0),
      "Megabits of event stream handed to sockets each second, averaged over 5 seconds, above which new streams are refused. 0: no limit.",
    ),
    maxFileDescriptors: live(
      z.int().min(0).max(100_000_000).default(1_000_000),
      "Open file descriptors this process may use; the system's limit counts where it is lower, less a reserve for publishers and the bus. 0: the system's limit.",
    ),
    maxTopics: live(
      z.int().min(0).max(100_000_000).default(0),
      "Topics this proxy follows at once, those that linger after their last listener included; a stream on a further topic is refused with 503. 0: no limit.",
    ),
  })
  .prefault({})
  .describe("Above what this process takes no new streams.");
