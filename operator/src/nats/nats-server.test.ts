import { expect, test } from "vitest";
import { NatsMonitorError, natsServer } from "./nats-server.ts";

/** As nats-server 2.15 answers, shortened. */
const jsz = (leader: string) => ({
  account_details: [
    {
      name: "REVENPROX",
      stream_detail: [
        {
          name: "J",
          cluster: {
            leader,
            replicas: [
              { name: "n1", current: true, active: 1 },
              { name: "n2", current: false, active: 3_161_651_029, lag: 12 },
              { name: "n3", current: true, lag: 4 },
            ],
          },
        },
      ],
    },
  ],
});

test("a server that is well tells of the streams that it leads", () => {
  expect(natsServer("n0", { status: "ok" }, jsz("n0"))).toEqual({
    name: "n0",
    fault: undefined,
    leads: [{ stream: "J", behind: ["n2", "n3"] }],
  });
});

test("the view of one that follows is old: it counts for nothing", () => {
  expect(natsServer("n1", { status: "ok" }, jsz("n0")).leads).toEqual([]);
});

test("a fault is told in the server's words", () => {
  const error = "JetStream stream 'A > J' write error: no space left on device";
  expect(natsServer("n0", { status: "unavailable", error }, { disabled: true })).toEqual({
    name: "n0",
    fault: error,
    leads: [],
  });
});

test.each([
  ["no object", "ok", {}],
  ["no status", {}, {}],
  ["nothing about JetStream", { status: "ok" }, null],
])("%s is no answer of a nats-server", (_, healthz, other) => {
  expect(() => natsServer("n0", healthz, other)).toThrow(NatsMonitorError);
});
