import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from "uWebSockets.js";
import { CannotListen, type ExchangeHandler, type ListenAddress, type Listening } from "./exchange.ts";
import { UwsExchange } from "./uws-exchange.ts";

/** Bytes of request line and headers together: room for a token of 8 KiB. */
const maxHeadBytes = 16_384;

type Uws = typeof import("uWebSockets.js");

/** The library reads this limit from the environment while it is loaded. */
const loadUws = (): Promise<Uws> => {
  // biome-ignore lint/style/noProcessEnv: not read but told, there is no other way
  process.env["UWS_HTTP_MAX_HEADERS_SIZE"] = String(maxHeadBytes);
  return import("uWebSockets.js");
};

/** What the type declarations lack or get wrong. */
interface Undeclared {
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  us_socket_local_port(socket: us_listen_socket): number;
}

interface ListensExclusively {
  listen(host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void): unknown;
}

const listen = (uws: Uws, app: TemplatedApp, { host, port }: ListenAddress): Promise<us_listen_socket | false> =>
  new Promise((resolve) => {
    // Without this option a forgotten process on the same port silently takes its share of the connections.
    const { LIBUS_LISTEN_EXCLUSIVE_PORT: exclusive } = uws as unknown as Undeclared;
    (app as unknown as ListensExclusively).listen(host, port, exclusive, resolve);
  });

/** Serves `handle` with uWebSockets.js. Throws `CannotListen`. */
export const listenWithUws = async (address: ListenAddress, handle: ExchangeHandler): Promise<Listening> => {
  const uws = await loadUws();
  const app = uws.App();
  app.any("/*", (response: HttpResponse, request: HttpRequest) => handle(new UwsExchange(response, request)));
  const socket = await listen(uws, app, address);
  if (socket === false) {
    app.close();
    throw new CannotListen(
      `cannot listen on ${address.host}:${address.port}: the port is taken, or the address is not one of this machine`,
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
      app.close();
    },
  };
};
