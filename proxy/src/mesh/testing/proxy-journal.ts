import { proxyConfig } from "@revenprox/contract/config/proxy-config";
import type { JournalReadSource } from "@revenprox/contract/metric-labels";
import type { Log } from "../../hub/ports.ts";
import { createNatsJournal } from "../nats-journal.ts";
import type { NatsJournal } from "../nats-journal-port.ts";
import { eventually } from "./eventually.ts";
import { type RecordingListener, recordingListener } from "./recording-listener.ts";
import { systemClock } from "./system-clock.ts";

export interface ProxyJournalOptions {
  readonly url: string | readonly string[];
  readonly instance: string;
  readonly proxyId?: string;
  readonly heartbeatMs?: number;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly journal?: Readonly<Record<string, number | boolean>>;
}

export interface ProxyJournal {
  readonly journal: NatsJournal;
  readonly listener: RecordingListener;
  readonly lines: string[];
  readonly malformed: () => number;
  /** Requests for stored messages so far. */
  readonly reads: (source: JournalReadSource) => number;
  ready(): Promise<void>;
}

const recordingLog = (lines: string[]): Log => {
  const write = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  return { debug: write("DEBUG"), info: write("INFO"), warn: write("WARN"), error: write("ERROR") };
};

/** The journal of one proxy, open, with everything recorded that it says. */
export const openProxyJournal = (options: ProxyJournalOptions): ProxyJournal => {
  const { url, instance, user, passwordFile } = options;
  const credentials = {
    ...(user === undefined ? {} : { user }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
  };
  const config = proxyConfig.parse({
    nats: { servers: typeof url === "string" ? [url] : [...url], instance, ...credentials },
    journal: { ...options.journal },
  });
  const lines: string[] = [];
  const listener = recordingListener();
  let malformed = 0;
  const reads = new Map<JournalReadSource, number>();
  const journal = createNatsJournal({
    clock: systemClock,
    random: Math.random,
    log: recordingLog(lines),
    nats: config.nats,
    journal: config.journal,
    proxyId: options.proxyId ?? "proxy-1",
    onMalformed: () => {
      malformed += 1;
    },
    maxEventSize: () => config.http.maxEventSize,
    onRead: (source) => void reads.set(source, (reads.get(source) ?? 0) + 1),
    ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
  });
  journal.listen(listener);
  journal.open();
  return {
    journal,
    listener,
    lines,
    malformed: () => malformed,
    reads: (source) => reads.get(source) ?? 0,
    ready: async () => {
      await eventually(`the journal of ${instance} is ready:\n${lines.join("\n")}`, () => journal.connected);
    },
  };
};
