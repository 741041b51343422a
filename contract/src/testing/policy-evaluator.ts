/** A NetworkPolicy of networking.k8s.io/v1 as far as it decides; read from the API's shape, not from our renderer. */
export interface Policy {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly ("Ingress" | "Egress")[];
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[];
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[];
  };
}

interface Selector {
  readonly matchLabels?: Labels;
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface PolicyPort {
  readonly protocol?: string;
  readonly port?: number;
}

type Labels = Readonly<Record<string, string>>;

/** A pod, or a machine outside the cluster. */
export type Party =
  | { readonly kind: "pod"; readonly namespace: string; readonly labels: Labels; readonly address: string }
  | { readonly kind: "outside"; readonly address: string };

export interface World {
  readonly policies: readonly Policy[];
  /** Labels of namespaces by name; each also has kubernetes.io/metadata.name. */
  readonly namespaces: Readonly<Record<string, Labels>>;
}

/** A connection: `port` is the one of the pod or machine that is dialled, behind any Service. */
export interface Connection {
  readonly from: Party;
  readonly to: Party;
  readonly port: number;
  readonly protocol?: "TCP" | "UDP";
}

const has = (labels: Labels, { matchLabels = {} }: Selector): boolean =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value);

const number = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

/** IPv4 only. */
const inRange = (address: string, cidr: string): boolean => {
  const [base = "", bits = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(address) / size) === Math.floor(number(base) / size);
};

const isPeer = (world: World, policy: Policy, { peer, party }: { peer: Peer; party: Party }): boolean => {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return inRange(party.address, cidr) && !except.some((range) => inRange(party.address, range));
  }
  if (party.kind === "outside") return false;
  const { namespaceSelector, podSelector = {} } = peer;
  const own = { "kubernetes.io/metadata.name": party.namespace };
  const inNamespace =
    namespaceSelector === undefined
      ? party.namespace === policy.metadata.namespace
      : has({ ...world.namespaces[party.namespace], ...own }, namespaceSelector);
  return inNamespace && has(party.labels, podSelector);
};

const isPort = (ports: readonly PolicyPort[] | undefined, { port, protocol = "TCP" }: Connection): boolean =>
  ports === undefined ||
  ports.length === 0 ||
  ports.some((each) => (each.protocol ?? "TCP") === protocol && (each.port === undefined || each.port === port));

type Direction = "Ingress" | "Egress";

const rulesOf = ({ spec }: Policy, direction: Direction) =>
  direction === "Ingress"
    ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
    : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));

/** Whether the policies that select the pod at this end let the connection pass; without any, everything passes. */
const passes = (world: World, connection: Connection, direction: Direction): boolean => {
  const [self, other] = direction === "Ingress" ? [connection.to, connection.from] : [connection.from, connection.to];
  if (self.kind === "outside") return true;
  const selecting = world.policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === self.namespace &&
      spec.policyTypes.includes(direction) &&
      has(self.labels, spec.podSelector),
  );
  if (selecting.length === 0) return true;
  return selecting.some((policy) =>
    rulesOf(policy, direction).some(
      ({ peers, ports }) =>
        isPort(ports, connection) &&
        (peers === undefined ||
          peers.length === 0 ||
          peers.some((peer) => isPeer(world, policy, { peer, party: other }))),
    ),
  );
};

/** Whether a connection is let through at both ends, as the NetworkPolicy API says. */
export const allows = (world: World, connection: Connection): boolean =>
  passes(world, connection, "Egress") && passes(world, connection, "Ingress");
