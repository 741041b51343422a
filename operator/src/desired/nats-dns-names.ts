import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";

/**
 * Names by which proxies, publishers and the servers themselves reach managed NATS; `localhost` is for
 * `kubectl port-forward`. A cluster whose domain is another than the usual one is reached by the names without.
 */
export const natsDnsNames = ({ metadata: { name, namespace } }: RevenProx): readonly string[] => {
  const { nats, natsHeadless } = names(name);
  const pods = `*.${natsHeadless}.${namespace}.svc`;
  const service = `${nats}.${namespace}.svc`;
  const short = [nats, `${nats}.${namespace}`];
  return [...short, service, `${service}.cluster.local`, pods, `${pods}.cluster.local`, "localhost"];
};
