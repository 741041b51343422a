import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";

type Sized = Pick<ProxyConfig, "http" | "nats">;

/** Event loops that this configuration asks for, on a machine that gives the process so many cores. */
export const loopCount = ({ http, nats }: Sized, cores: number): number => {
  if (http.threadPoolSize > 0) return http.threadPoolSize;
  return nats.servers.length === 0 ? 1 : Math.max(1, Math.min(64, cores));
};

/** One loop's part of what all of them may use together; 0 stays what it means. */
const part = (whole: number, loops: number): number => (whole === 0 ? 0 : Math.max(1, Math.ceil(whole / loops)));

const mebibyte = 1_048_576;

/** Of the supervisor, and of the program's pages that all processes share: 87 to 94 MiB measured. */
const supervisorBytes = 96 * mebibyte;

/** Bytes that one loop may use of a proxy's; all of them where it is the only one, which needs no supervisor. */
export const memoryOfLoop = (bytes: number, loops: number): number =>
  loops === 1 ? bytes : Math.max(0, bytes - supervisorBytes) / loops;

const memoryMbOfLoop = (whole: number, loops: number): number =>
  whole === 0 ? 0 : Math.max(1, Math.floor(memoryOfLoop(whole * mebibyte, loops) / mebibyte));

/** The configuration as one of several loops obeys it: what is the machine's or the verifier's is divided. */
export const configOfLoop = (config: ProxyConfig, loops: number): ProxyConfig => {
  const { http, jwtVerifier, journal, limits } = config;
  return {
    ...config,
    http: { ...http, drainRatePerSec: part(http.drainRatePerSec, loops) },
    jwtVerifier: {
      ...jwtVerifier,
      rateLimitPerSec: part(jwtVerifier.rateLimitPerSec, loops),
      cacheMaxSize: part(jwtVerifier.cacheMaxSize, loops),
    },
    journal: { ...journal, maxReplays: part(journal.maxReplays, loops) },
    limits: {
      ...limits,
      maxMemoryMb: memoryMbOfLoop(limits.maxMemoryMb, loops),
      maxCpuPercent: part(limits.maxCpuPercent, loops),
      maxNetworkMbps: part(limits.maxNetworkMbps, loops),
    },
  };
};
