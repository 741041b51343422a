import { expect, test } from "vitest";
import { createDiscovery } from "./discovery.ts";
import { KubeError, KubeUnreachableError } from "./kube-error.ts";
import { fakeScheduler, fakeServer } from "./testing/fakes.ts";

type Answer = readonly string[] | Error;

const harness = (first: Answer) => {
  let answer = first;
  const scheduler = fakeScheduler();
  const changes: unknown[] = [];
  const failures: unknown[] = [];
  const { client, calls } = fakeServer(() => {
    if (answer instanceof Error) throw answer;
    return { resources: answer.map((name) => ({ name })) };
  });
  const discovery = createDiscovery({
    client,
    scheduler,
    onChange: (served) => changes.push(served),
    onFailed: (error) => failures.push(error),
  });
  return { discovery, scheduler, changes, failures, calls, answerWith: (next: Answer) => (answer = next) };
};
const all = ["servicemonitors", "prometheusrules", "httproutes", "scaledobjects"];
const allServed = { serviceMonitor: true, prometheusRule: true, httpRoute: true, scaledObject: true };
const none = new KubeError(404, "{}", "GET");

test("looks each 15 s while a kind is missing, each minute when all are there", async () => {
  const { discovery, scheduler, changes, calls, answerWith } = harness(none);
  await discovery.start();
  expect(changes).toEqual([]);
  answerWith(all);
  await scheduler.advance(15_000);
  expect(changes).toEqual([allServed]);
  await scheduler.advance(59_000);
  expect(calls).toHaveLength(6);
  answerWith(["servicemonitors"]);
  await scheduler.advance(1_000);
  expect(changes[1]).toEqual({ serviceMonitor: true, prometheusRule: false, httpRoute: false, scaledObject: false });
  discovery.stop();
  expect(scheduler.waiting()).toEqual([]);
});

test("an API server that does not answer is no removal", async () => {
  const { discovery, scheduler, changes, failures, answerWith } = harness(all);
  await discovery.start();
  answerWith(new KubeUnreachableError("refused"));
  await scheduler.advance(60_000);
  expect(failures).toHaveLength(1);
  expect(changes).toHaveLength(1);
  expect(discovery.served).toEqual(allServed);
});

test("looks at once when told", async () => {
  const { discovery, scheduler, changes, answerWith } = harness(all);
  await discovery.start();
  answerWith(none);
  discovery.check();
  await scheduler.advance(0);
  expect(changes).toHaveLength(2);
});
