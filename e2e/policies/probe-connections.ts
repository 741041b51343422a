import { connect } from "node:net";

/** Where to connect to. */
export interface Target {
  readonly address: string;
  readonly port: number;
}

/** What comes back when nothing does is silence: packets were dropped. A refusal comes from the pod itself. */
export type Answer = "reached" | "silent";

const silenceMs = 2_000;

/** Run as a program it connects to each of the targets in its argument, and prints an answer for each as JSON. */
const probe = ({ address, port }: Target): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: silenceMs });
    const end = (answer: Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end("reached"));
    socket.once("timeout", () => end("silent"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNREFUSED" ? end("reached") : reject(error),
    );
  });

if (process.argv[1] === import.meta.filename) {
  const targets = JSON.parse(process.argv[2] ?? "[]") as readonly Target[];
  process.stdout.write(JSON.stringify(await Promise.all(targets.map(probe))));
}
