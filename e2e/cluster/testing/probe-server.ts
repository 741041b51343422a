// A server for the test of forwarding, run inside the cluster's network: what it is told decides how a connection ends.
import { createServer } from "node:net";

const server = createServer({ allowHalfOpen: true }, (socket) => {
  let said = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    said += chunk;
    if (said === "reset") socket.resetAndDestroy();
    if (said === "die") process.kill(process.pid, "SIGKILL");
    if (said === "hello") socket.write("hello");
  });
  // Answers only after the other side has ended its half.
  socket.on("end", () => socket.end(`you said ${said}`));
});

server.listen({ port: Number(process.argv[2]), host: "0.0.0.0", backlog: 4096 });
