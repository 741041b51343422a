import type { Policy } from "@revenprox/contract/testing/policy-evaluator";

/** A pod of the cluster that policies may select. */
export interface AddressedPod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
}

/** Everything that NetworkPolicies speak of. */
export interface PolicyWorld {
  readonly policies: readonly Policy[];
  readonly pods: readonly AddressedPod[];
  /** Labels of all namespaces, by name. */
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Name of the table, so that it can be deleted. */
export const policiesTable = "revenprox_policies";

type Rule = NonNullable<Policy["spec"]["ingress"]>[number] & NonNullable<Policy["spec"]["egress"]>[number];
type Peer = NonNullable<Rule["from"]>[number];
type Selector = NonNullable<Peer["podSelector"]>;

const fits = (labels: Readonly<Record<string, string>>, selector: Selector): boolean => {
  const unknown = Object.keys(selector).filter((key) => key !== "matchLabels");
  if (unknown.length > 0) throw new Error(`selectors by ${unknown.join(", ")} are not translated`);
  return Object.entries(selector.matchLabels ?? {}).every(([label, value]) => labels[label] === value);
};

/** Addresses that a peer stands for, as an nftables expression of a set; none: nobody. */
const addresses = (world: PolicyWorld, policy: Policy, peer: Peer): readonly string[] => {
  if (peer.ipBlock !== undefined) return [peer.ipBlock.cidr];
  return world.pods
    .filter(({ namespace }) =>
      peer.namespaceSelector === undefined
        ? namespace === policy.metadata.namespace
        : fits(world.namespaces[namespace] ?? {}, peer.namespaceSelector),
    )
    .filter(({ labels }) => fits(labels, peer.podSelector ?? {}))
    .map(({ address }) => address);
};

const portMatches = ({ ports = [] }: Rule): readonly string[] =>
  ports.length === 0
    ? [""]
    : ports.map(({ protocol = "TCP", port }) => {
        const name = protocol.toLowerCase();
        return port === undefined ? `meta l4proto ${name}` : `${name} dport ${port}`;
      });

/** Lines of a chain that end the look at this side for what a rule allows. */
const allowances = (world: PolicyWorld, policy: Policy, side: Side, rule: Rule): readonly string[] => {
  const peers = side.peersOf(rule) ?? [];
  const excepted = peers.flatMap(({ ipBlock }) => ipBlock?.except ?? []);
  if (excepted.length > 0) throw new Error("exceptions from ranges are not translated");
  const others = peers.flatMap((peer) => addresses(world, policy, peer));
  if (peers.length > 0 && others.length === 0) return [];
  const match = peers.length === 0 ? "" : `ip ${side.other} { ${[...new Set(others)].join(", ")} }`;
  return portMatches(rule).map((port) => [match, port, "return"].filter((part) => part !== "").join(" "));
};

interface Side {
  readonly type: "Ingress" | "Egress";
  /** Field of the packet with the address of the pod that a policy selects, and of the other one. */
  readonly self: "saddr" | "daddr";
  readonly other: "saddr" | "daddr";
  readonly rulesOf: (policy: Policy) => readonly Rule[];
  readonly peersOf: (rule: Rule) => readonly Peer[] | undefined;
}

const sides: readonly Side[] = [
  { type: "Egress", self: "saddr", other: "daddr", rulesOf: ({ spec }) => spec.egress ?? [], peersOf: ({ to }) => to },
  {
    type: "Ingress",
    self: "daddr",
    other: "saddr",
    rulesOf: ({ spec }) => spec.ingress ?? [],
    peersOf: ({ from }) => from,
  },
];

interface Chain {
  readonly jump: string;
  readonly text: string;
}

/** A pod that policies select for this side takes, or sends, only what one of them allows. */
const chainOf = (world: PolicyWorld, side: Side, pod: AddressedPod): readonly Chain[] => {
  const selecting = world.policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.namespace &&
      spec.policyTypes.includes(side.type) &&
      fits(pod.labels, spec.podSelector),
  );
  if (selecting.length === 0) return [];
  const name = `${side.type.toLowerCase()}_${pod.address.replaceAll(".", "_")}`;
  const lines = selecting.flatMap((policy) =>
    side.rulesOf(policy).flatMap((rule) => allowances(world, policy, side, rule)),
  );
  const text = [`  chain ${name} {`, ...lines.map((line) => `    ${line}`), "    drop", "  }"].join("\n");
  return [{ jump: `    ip ${side.self} ${pod.address} jump ${name}`, text }];
};

/**
 * NetworkPolicies as rules for the packets that a node forwards between pods, written from the API's documentation and
 * not from our renderer or the evaluator. For tests: pods that come later are not known to it.
 */
export const nftables = (world: PolicyWorld): string => {
  const chains = sides.flatMap((side) => world.pods.flatMap((pod) => chainOf(world, side, pod)));
  return [
    `table ip ${policiesTable} {`,
    ...chains.map(({ text }) => text),
    "  chain forward {",
    "    type filter hook forward priority 10; policy accept;",
    "    ct state established,related accept",
    ...chains.map(({ jump }) => jump),
    "  }",
    "}",
    "",
  ].join("\n");
};
