import type { ConnectionOptions, Msg, NatsConnection, Server } from "@nats-io/nats-core";
import { MsgImpl, NatsConnectionImpl, setTransportFactory } from "@nats-io/nats-core/internal";
// The package has no other way to it; its version is fixed, and wire-connection.integration.ts fails when it changes.
import { NodeTransport, nodeResolveHost } from "@nats-io/transport-node/lib/node_transport.js";
import { type WireMessage, WireReader, type WireReceiver } from "./wire-reader.ts";

/** By the number of the subscription. */
type Receivers = Map<number, WireReceiver>;

/** The library copies all options and hands them to its transport with each connect. */
interface WireOptions extends ConnectionOptions {
  readonly wireReceivers: Receivers;
}

export interface WireSubscription {
  isClosed(): boolean;
  unsubscribe(): void;
}

const receiversIn = (options: ConnectionOptions): Receivers | undefined =>
  "wireReceivers" in options ? (options as WireOptions).wireReceivers : undefined;

/** The library's transport, which gives messages to their receivers before the library makes objects of them. */
class WireTransport extends NodeTransport {
  #receivers: Receivers = new Map();

  override connect(server: Server, options: ConnectionOptions): Promise<void> {
    this.#receivers = receiversIn(options) ?? this.#receivers;
    return super.connect(server, options);
  }

  override async *iterate(): AsyncIterableIterator<Uint8Array> {
    const receivers = this.#receivers;
    const reader = new WireReader((subscription) => receivers.get(subscription));
    for await (const read of super.iterate()) {
      reader.feed(Buffer.isBuffer(read) ? read : Buffer.from(read.buffer, read.byteOffset, read.length));
      for (let operations = reader.next(); operations !== undefined; operations = reader.next()) yield operations;
    }
  }
}

/**
 * As the library's `connect`; what is subscribed with `subscribeWire` is read from the wire. The library has one factory
 * of transports for the whole process: after a call of its own `connect` messages come through the library again, from
 * the next reconnect on.
 */
export const connectWire = (options: ConnectionOptions): Promise<NatsConnection> => {
  setTransportFactory({ factory: () => new WireTransport(), dnsResolveFn: nodeResolveHost });
  const wire: WireOptions = { ...options, wireReceivers: new Map() };
  return NatsConnectionImpl.connect(wire);
};

/** Made of a message that came through the library: where a transport is not ours. */
const wireMessageOf = (message: Msg): WireMessage => {
  if (!(message instanceof MsgImpl)) throw new TypeError("a message of another NATS client");
  const { _msg: frame, _rdata: data } = message;
  const subject = Buffer.from(message.subject);
  const bytes = Buffer.concat([subject, data]);
  const headersAt = subject.length;
  const dataAt = headersAt + Math.max(0, frame.hdr);
  return { bytes, subjectAt: 0, subjectEnd: headersAt, headersAt, dataAt, end: bytes.length };
};

/** `take` must not throw, nor keep the message. In the order of all that the connection brings. */
export const subscribeWire = (
  connection: Pick<NatsConnection, "subscribe">,
  subject: string,
  take: WireReceiver,
  refused: (fault: Error) => void,
): WireSubscription => {
  const receivers = connection instanceof NatsConnectionImpl ? receiversIn(connection.options) : undefined;
  const subscription = connection.subscribe(subject, {
    callback: (fault, message) => (fault === null ? take(wireMessageOf(message)) : refused(fault)),
  });
  const id = subscription.getID();
  receivers?.set(id, take);
  return {
    isClosed: () => subscription.isClosed(),
    unsubscribe: () => {
      receivers?.delete(id);
      subscription.unsubscribe();
    },
  };
};

/** A connection on which messages are sent and taken without objects of the library. */
export interface WireConnection {
  /** Bytes of the largest message, headers and data together; undefined: not known. */
  readonly mostBytes: number | undefined;
  /** Whole operations. What is sent while the connection is down vanishes. */
  send(operations: Uint8Array): void;
  subscribe(subject: string, take: WireReceiver, refused: (fault: Error) => void): WireSubscription;
}

export const wireOf = (connection: NatsConnection): WireConnection => {
  if (!(connection instanceof NatsConnectionImpl)) throw new TypeError("a connection of another NATS client");
  return {
    get mostBytes() {
      return connection.info?.max_payload;
    },
    send: (operations) => connection.protocol.sendCommand(operations),
    subscribe: (subject, take, refused) => subscribeWire(connection, subject, take, refused),
  };
};
