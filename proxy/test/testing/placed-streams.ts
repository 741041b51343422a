import { type ProxyProcess, until } from "./proxy-process.ts";

/** Resolves when so many streams are open and all of them have their place: a busy machine takes longer for that than until the answer. */
export const placedStreams = ({ managementPort }: ProxyProcess, atLeast = 1): Promise<true> =>
  until("all streams to have their place", async () => {
    const response = await fetch(`http://127.0.0.1:${managementPort}/api/v1/connections`);
    const { connecting_connections: connecting, active_connections: active = 0 } = (await response.json()) as Readonly<
      Record<string, number>
    >;
    return connecting === 0 && active >= atLeast ? true : undefined;
  });
