import { connect } from "node:net";

/** True when something accepts connections on the port of 127.0.0.1. */
export const listens = (port: number): Promise<true | undefined> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
      .once("connect", () => {
        socket.destroy();
        resolve(true);
      })
      .once("error", () => resolve(undefined));
  });
