import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { TopicId } from "../src/hub/event.ts";
import type { Outgoing } from "../src/mesh/state/state-message.ts";
import { TopicState } from "../src/mesh/state/topic-state.ts";
import { type EncodedMessage, encoded, parseEncoded } from "../src/mesh/state/wire.ts";

/** As configured by default. */
const heartbeatSec = 5;
const batchSec = 0.5;
const mostChanges = 1_000;

const sizes = [1_000, 10_000, 100_000];
const crowds = [3, 10, 30];
/** Changes of topics at each proxy in a second. */
const churnPerSec = 100;
/** Heartbeats over which costs are averaged. */
const rounds = 12;

interface Simulated {
  readonly state: TopicState;
  readonly counts: Map<TopicId, number>;
}

interface Cost {
  bytes: number;
  messages: number;
  cpuMs: number;
}

const topicIds = (most: number): readonly TopicId[] =>
  Array.from(
    { length: most },
    (_, number) => createHash("sha256").update(`topic/${number}`).digest("hex").slice(0, 32) as TopicId,
  );

const simulated = (index: number): Simulated => {
  const counts = new Map<TopicId, number>();
  const state = new TopicState({
    proxyId: `revenprox-7d9c4b5f6-${index}`,
    life: index.toString(16).padStart(16, "0"),
    epoch: 1_700_000_000_000 + index,
    build: "0.1.0",
    timeoutMs: 3_600_000,
    mostTopics: 1_000_000,
    mostChanges,
    subscribers: (topicId) => counts.get(topicId) ?? 0,
    connections: () => 10_000,
  });
  return { state, counts };
};

const set = ({ state, counts }: Simulated, topicId: TopicId, count: number): void => {
  counts.set(topicId, count);
  state.changed(topicId);
};

const noCost = (): Cost => ({ bytes: 0, messages: 0, cpuMs: 0 });

const timed = <Result>(cost: Cost, action: () => Result): Result => {
  const before = process.cpuUsage();
  const result = action();
  const { user, system } = process.cpuUsage(before);
  cost.cpuMs += (user + system) / 1_000;
  return result;
};

/** Encodes what a proxy says, at its cost. */
const said = (cost: Cost, make: () => readonly Outgoing[]): readonly EncodedMessage[] => {
  const messages = timed(cost, () => make().map(({ message }) => encoded(message)));
  for (const { payload } of messages) count(cost, payload);
  return messages;
};

const count = (cost: Cost, payload: string | Uint8Array): void => {
  cost.bytes += payload.length;
  cost.messages += 1;
};

/** One proxy hears what another has said, at its cost; returns its answers. */
const heard = ({ state }: Simulated, cost: Cost, messages: readonly EncodedMessage[]): readonly Outgoing[] => {
  for (const { payload } of messages) count(cost, payload);
  return timed(cost, () =>
    messages.flatMap((wire) => {
      const message = parseEncoded(wire);
      return message === undefined ? [] : state.receive(message, 0).send;
    }),
  );
};

const partsOf = ({ state }: Simulated, cost: Cost): readonly EncodedMessage[] => {
  const parts: EncodedMessage[] = [];
  for (;;) {
    const [part] = said(cost, () => [state.nextSnapshot()].filter((found) => found !== undefined));
    if (part === undefined) return parts;
    parts.push(part);
  }
};

/** A proxy that has just started learns what all others have. */
const joining = (newcomer: Simulated, others: readonly Simulated[]) => {
  const [received, served] = [noCost(), noCost()];
  for (const other of others) {
    const wants = heard(
      newcomer,
      received,
      said(served, () => other.state.heartbeat()),
    );
    heard(
      other,
      served,
      wants.map(({ message }) => encoded(message)),
    );
    heard(newcomer, received, partsOf(other, served));
  }
  return received;
};

/** Regular life of `seconds`; `changesPerSec` at each proxy. */
const live = (me: Simulated, others: readonly Simulated[], ids: readonly TopicId[], changesPerSec: number) => {
  const [sent, received, theirs] = [noCost(), noCost(), noCost()];
  const batches = heartbeatSec / batchSec;
  let at = 0;
  const churn = (one: Simulated): void => {
    for (let change = 0; change < changesPerSec * batchSec; change += 1) {
      const topicId = ids[at % ids.length];
      at += 7;
      if (topicId !== undefined) set(one, topicId, (one.counts.get(topicId) ?? 0) + 1);
    }
  };
  for (let round = 0; round < rounds; round += 1) {
    for (let batch = 1; batch <= batches; batch += 1) {
      const speak = (one: Simulated, cost: Cost) => {
        churn(one);
        return said(cost, () => (batch === batches ? one.state.heartbeat() : one.state.flush()));
      };
      speak(me, sent);
      for (const other of others) heard(me, received, speak(other, theirs));
    }
  }
  const seconds = rounds * heartbeatSec;
  return {
    sentPerSec: sent.bytes / seconds,
    receivedPerSec: received.bytes / seconds,
    messagesPerSec: (sent.messages + received.messages) / seconds,
    cpuPercent: (sent.cpuMs + received.cpuMs) / (seconds * 10),
  };
};

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const heapBytes = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

const row = (topics: number, proxies: number, ids: readonly TopicId[]): readonly string[] => {
  const used = ids.slice(0, topics);
  const others = Array.from({ length: proxies - 1 }, (_, index) => simulated(index + 1));
  for (const other of others) {
    for (const topicId of used) set(other, topicId, 1);
    other.state.flush();
  }
  const me = simulated(0);
  const before = heapBytes();
  const joined = joining(me, others);
  const perPeer = (heapBytes() - before) / others.length;
  for (const topicId of used) set(me, topicId, 1);
  me.state.flush();
  // The first rounds are slower, until the code is compiled.
  live(me, others, used, churnPerSec);
  const [quiet, busy] = [live(me, others, used, 0), live(me, others, used, churnPerSec)];
  const held = me.state.peers(0).every((peer) => peer.topics?.knowledge === "held");
  if (!held) throw new Error("the simulated proxies are not level: the figures would mean nothing");
  return [
    topics.toLocaleString("en"),
    String(proxies),
    ...[quiet, busy].flatMap((cost) => [
      `${kilo(cost.sentPerSec)} / ${kilo(cost.receivedPerSec)}`,
      cost.messagesPerSec.toFixed(1),
      `${cost.cpuPercent.toFixed(2)} %`,
    ]),
    `${mega(joined.bytes)} / ${(joined.cpuMs / 1_000).toFixed(2)} s`,
    mega(perPeer),
  ];
};

const kilo = (bytes: number): string => (bytes / 1_000).toFixed(1);
const mega = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

const report = (rows: readonly (readonly string[])[]): string => {
  const head = [
    "Topics on each proxy",
    "Proxies",
    "Quiet: kB/s sent / received",
    "messages/s",
    "CPU",
    `${churnPerSec} changes/s on each: kB/s sent / received`,
    "messages/s",
    "CPU",
    "Joining: received / CPU",
    "Memory a peer",
  ];
  const lines = [head, head.map(() => "---:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const machine = `${cpus().length} cores of ${cpus()[0]?.model ?? "an unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  return `# What topic state costs

Measured on ${new Date().toISOString().slice(0, 10)} by \`npm run bench:state -- --write\` on a machine with ${machine}. One proxy is measured, the others are simulated in the same process: it encodes, decodes and applies every message, but no network is between (NATS adds about 60 bytes of subject and framing to each message). A heartbeat each ${heartbeatSec} s, changes gathered for ${batchSec * 1_000} ms, as configured by default. CPU is in percent of one core. "Joining" is what a proxy that has just started takes in until it knows the topics of all others.

${lines.join("\n")}

What to read from it: without changes the cost depends on the number of proxies alone, not on the number of topics; with changes it grows with the changes, at 17 bytes each; only a proxy that joins, or was cut off, pays for the number of topics, once.
`;
};

const main = (): void => {
  const ids = topicIds(Math.max(...sizes));
  const rows: (readonly string[])[] = [];
  for (const topics of sizes)
    for (const proxies of crowds) {
      process.stdout.write(`${topics} topics on each of ${proxies} proxies …\n`);
      rows.push(row(topics, proxies, ids));
    }
  const text = report(rows);
  process.stdout.write(`\n${text}`);
  if (!process.argv.includes("--write")) return;
  const folder = fileURLToPath(new URL("../../docs/results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "state-cost.md"), text);
};

main();
