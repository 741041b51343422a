import type { Msg, NatsConnection } from "@nats-io/nats-core";

/** A stream's configuration, state and messages as the server sent them. */
export interface StreamCopy {
  readonly config: unknown;
  readonly state: unknown;
  readonly chunks: readonly Uint8Array[];
}

interface ApiAnswer {
  readonly error?: { readonly description?: string };
  readonly config?: unknown;
  readonly state?: unknown;
  readonly deliver_subject?: string;
}

const timeout = 20_000;

const answerOf = (message: Msg): ApiAnswer => {
  const answer = message.json<ApiAnswer>();
  if (answer.error !== undefined) throw new Error(`NATS refuses: ${answer.error.description}`);
  return answer;
};

/** What `nats stream backup` does: the API that `nats` and every client library share. */
export const backUp = async (admin: NatsConnection, stream: string): Promise<StreamCopy> => {
  const inbox = `_INBOX.copy.${stream}`;
  const chunks: Uint8Array[] = [];
  const parts = admin.subscribe(inbox);
  const request = JSON.stringify({ deliver_subject: inbox, no_consumers: true, chunk_size: 65_536 });
  const { config, state } = answerOf(await admin.request(`$JS.API.STREAM.SNAPSHOT.${stream}`, request, { timeout }));
  for await (const part of parts) {
    if (part.data.length === 0) break;
    chunks.push(Uint8Array.from(part.data));
    part.respond();
  }
  return { config, state, chunks };
};

/** What `nats stream restore` does; there may be no stream of its name. */
export const restore = async (admin: NatsConnection, stream: string, copy: StreamCopy): Promise<void> => {
  const request = JSON.stringify({ config: copy.config, state: copy.state });
  const { deliver_subject: subject = "" } = answerOf(
    await admin.request(`$JS.API.STREAM.RESTORE.${stream}`, request, { timeout }),
  );
  for (const chunk of copy.chunks) await admin.request(subject, chunk, { timeout });
  answerOf(await admin.request(subject, "", { timeout }));
};
