import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { startTestCluster, type TestCluster } from "./cluster.ts";
import { type OperatorOptions, type RunningOperator, startOperator } from "./operator.ts";

/** The operator of a file, or of each test. */
export interface StagedOperator extends RunningOperator {
  /** Stops it and starts another one in its place; with the options of the first unless given. */
  restart(options?: OperatorOptions): Promise<void>;
}

export interface ClusterOptions {
  /** Done right after its start. */
  readonly prepare?: (cluster: TestCluster) => Promise<unknown>;
  /** More flags for kube-apiserver, as `--flag=value`. */
  readonly apiServerFlags?: readonly string[];
}

interface Lifetime {
  readonly begins: (start: () => Promise<void>) => void;
  readonly ends: (stop: () => Promise<void>) => void;
}

/** Hooks of the end run in the reverse order of their registration: an operator stops before its cluster. */
const file: Lifetime = { begins: beforeAll, ends: afterAll };
const eachTest: Lifetime = { begins: beforeEach, ends: afterEach };

/** Holds what `lifetime` starts and stops. */
const holding = <T extends { stop(): Promise<void> }>({ begins, ends }: Lifetime, start: () => Promise<T>) => {
  let held: T | undefined;
  const replace = async (next: () => Promise<T>): Promise<void> => {
    const former = held;
    held = undefined;
    await former?.stop();
    held = await next();
  };
  begins(() => replace(start));
  ends(async () => {
    await held?.stop();
    held = undefined;
  });
  const present = (): T => {
    if (held === undefined) throw new Error("it runs only within a test or a hook");
    return held;
  };
  return { present, replace };
};

const stageCluster = (lifetime: Lifetime, { prepare, apiServerFlags = [] }: ClusterOptions): TestCluster => {
  const { present } = holding(lifetime, async () => {
    const cluster = await startTestCluster(...apiServerFlags);
    try {
      await prepare?.(cluster);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  });
  return {
    get controlPlane() {
      return present().controlPlane;
    },
    get client() {
      return present().client;
    },
    kubectl: (...args) => present().kubectl(...args),
    kubectlApply: (object) => present().kubectlApply(object),
    get: (path) => present().get(path),
    operatorRequests: () => present().operatorRequests(),
    stop: () => present().stop(),
  };
};

const stageOperator = (lifetime: Lifetime, cluster: TestCluster, options: OperatorOptions): StagedOperator => {
  const { present, replace } = holding(lifetime, () => startOperator(cluster, options));
  return {
    get lines() {
      return present().lines;
    },
    metric: (name) => present().metric(name),
    get: (path) => present().get(path),
    stop: () => present().stop(),
    restart: (next = options) => replace(() => startOperator(cluster, next)),
  };
};

/** A control plane for all tests of the file that names it at its head. */
export const clusterOfFile = (options: ClusterOptions = {}): TestCluster => stageCluster(file, options);

/** A control plane of its own for each test. */
export const clusterOfEachTest = (options: ClusterOptions = {}): TestCluster => stageCluster(eachTest, options);

/** An operator for all tests of the file. */
export const operatorOfFile = (cluster: TestCluster, options: OperatorOptions = {}): StagedOperator =>
  stageOperator(file, cluster, options);
