import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from "uWebSockets.js";
import { CorkedWrite } from "./corked-write.ts";
import type { EngineParts } from "./engine.ts";
import { CannotListen, type Certificate, EngineMissing, type Listening } from "./exchange.ts";
import { HeadBlocks } from "./head-block.ts";
import { engineHeadBytes, type HeadLimits } from "./request-head.ts";
import { StallWatch } from "./stall-watch.ts";
import { UwsExchange } from "./uws-exchange.ts";
import { HeadReader } from "./uws-head.ts";

type Uws = typeof import("uWebSockets.js");

/** The library reads its limit on a head from the environment while it is loaded. */
const loadUws = async (limits: HeadLimits): Promise<Uws> => {
  // biome-ignore lint/style/noProcessEnv: not read but told, there is no other way
  process.env["UWS_HTTP_MAX_HEADERS_SIZE"] = String(engineHeadBytes(limits));
  try {
    return await import("uWebSockets.js");
  } catch (cause) {
    throw new EngineMissing(
      'uWebSockets.js cannot be loaded on this machine: set http.engine = "node", which needs no native code',
      { cause },
    );
  }
};

/** What the type declarations lack or get wrong. */
interface Undeclared {
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  us_socket_local_port(socket: us_listen_socket): number;
}

type App = TemplatedApp & {
  listen(host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void): unknown;
  getDescriptor(): number;
  addChildAppDescriptor(descriptor: number): void;
  removeChildAppDescriptor(descriptor: number): void;
};

const listen = (
  uws: Uws,
  app: App,
  { address: { host, port }, shared }: EngineParts,
): Promise<us_listen_socket | false> =>
  new Promise((resolve) => {
    // Without this option a forgotten process on the same port silently takes its share of the connections.
    const { LIBUS_LISTEN_EXCLUSIVE_PORT: exclusive } = uws as unknown as Undeclared;
    app.listen(host, port, shared === true ? 0 : exclusive, resolve);
  });

const serveRequests = (app: App, { handle, head, refuse, clock, slowClientMs }: EngineParts): void => {
  const parts = {
    stalls: new StallWatch({ clock, patienceMs: slowClientMs }),
    heads: new HeadBlocks(),
    corked: new CorkedWrite(),
    reader: new HeadReader(),
  };
  app.any("/*", (response: HttpResponse, request: HttpRequest) => {
    const exchange = new UwsExchange(response, request, parts);
    const fault = exchange.headFault(head);
    if (fault === undefined) {
      handle(exchange);
      exchange.handled();
      return;
    }
    const answer = refuse(fault.code, fault.detail);
    if (fault.close) exchange.respondAndClose(answer);
    else exchange.respond(answer);
  });
};

/** Apps that serve one port. The first listens; with TLS the last serves, so that a new certificate needs no new listener. */
class UwsApps {
  readonly listener: App;
  readonly #uws: Uws;
  readonly #parts: EngineParts;
  /** All that still have connections; an app with an old certificate goes on with its streams. */
  readonly #serving: App[] = [];

  constructor(uws: Uws, parts: EngineParts) {
    this.#uws = uws;
    this.#parts = parts;
    this.listener = this.#create(parts.certificate);
    if (parts.certificate === undefined) serveRequests(this.listener, parts);
    else this.serveWith(parts.certificate);
  }

  /** Sockets that are accepted from now on go to an app with this certificate. */
  serveWith(certificate: Certificate): void {
    const next = this.#create(certificate);
    serveRequests(next, this.#parts);
    const before = this.#serving.at(-1);
    this.listener.addChildAppDescriptor(next.getDescriptor());
    if (before !== undefined) this.listener.removeChildAppDescriptor(before.getDescriptor());
    this.#serving.push(next);
  }

  close(): void {
    for (const app of [this.listener, ...this.#serving]) app.close();
  }

  #create(certificate: Certificate | undefined): App {
    const app =
      certificate === undefined
        ? this.#uws.App()
        : this.#uws.SSLApp({ cert_file_name: certificate.certFile, key_file_name: certificate.keyFile });
    return app as App;
  }
}

/** Serves with uWebSockets.js. */
export const listenWithUws = async (parts: EngineParts): Promise<Listening> => {
  const uws = await loadUws(parts.head);
  const apps = new UwsApps(uws, parts);
  const socket = await listen(uws, apps.listener, parts);
  if (socket === false) {
    apps.close();
    const { host, port } = parts.address;
    throw new CannotListen(
      `cannot listen on ${host}:${port}: the port is taken, or the address is not one of this machine`,
    );
  }
  let listening = true;
  const closeListener = (): void => {
    if (listening) uws.us_listen_socket_close(socket);
    listening = false;
  };
  return {
    port: (uws as unknown as Undeclared).us_socket_local_port(socket),
    closeListener,
    close: () => {
      closeListener();
      apps.close();
    },
    useCertificate: (certificate) => apps.serveWith(certificate),
  };
};
