import { natsServer } from "@revenprox/cluster";
import { type NatsProcess, startNats } from "../../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, until } from "./proxy-process.ts";

/** Runs `use` with a real nats-server of its own; `config` is added to the server's configuration. */
export const withNats = async (use: (nats: NatsProcess) => Promise<void>, config = ""): Promise<void> => {
  const nats = await startNats({ program: await natsServer(), config });
  try {
    await use(nats);
  } finally {
    await nats.dispose();
  }
};

/** Resolves once the proxy has reached the journal. */
export const ready = (proxy: ProxyProcess): Promise<true> =>
  until("the proxy to be ready", async () =>
    (await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`)).status === 200 ? true : undefined,
  );
