import type { WriteGrant } from "../leader/fence.ts";
import type { KubeClient } from "./client.ts";

/** Runs a write if it is allowed; else rejects. */
export type GuardWrite = <T>(write: (grant: WriteGrant) => Promise<T>) => Promise<T>;

/** `client`, with every call that changes something behind the guard; reads pass. */
export const fencedClient = (client: KubeClient, guard: GuardWrite): KubeClient => ({
  ...client,
  request: (call) =>
    call.method === "GET" ? client.request(call) : guard((grant) => client.request({ ...call, ...grant })),
});
