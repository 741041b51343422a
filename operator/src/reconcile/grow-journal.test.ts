import { expect, test } from "vitest";
import { resourceOf } from "../testing/resource.ts";
import { finishGrowth, type GrowthScene } from "./grow-journal.ts";

const revenprox = resourceOf({});
const outcome = (kind: "unchanged" | "changed", name = `${revenprox.metadata.name}-nats`) => ({
  kind,
  ref: { apiVersion: "apps/v1", kind: "StatefulSet", name },
});
const ready: GrowthScene = {
  volumes: { grown: true, waitingFor: "each server is restarted with it" },
  outcomes: [outcome("unchanged")],
  rolls: false,
};

const play = async (scene: Partial<GrowthScene>, calm = true) => {
  const done: string[] = [];
  const seconds = await finishGrowth(
    {
      journalVolumes: {
        grow: async () => undefined,
        replaceStatefulSet: async () => {
          if (calm) done.push("replace");
          return calm;
        },
      },
      record: async (_, { reason }) => void done.push(reason),
    },
    revenprox,
    { ...ready, ...scene },
  );
  return [seconds, ...done];
};

test.each<[string, Partial<GrowthScene>, readonly unknown[]]>([
  ["nothing grows", { volumes: undefined }, [undefined]],
  ["all is done but the StatefulSet", {}, [1, "JournalGrowing", "replace", "JournalGrown"]],
  ["file systems are small", { volumes: { grown: false, waitingFor: "x" } }, [5, "JournalGrowing"]],
  ["servers are to be restarted", { rolls: true }, [5, "JournalGrowing"]],
  ["the servers' settings were written just now", { outcomes: [outcome("changed")] }, [5, "JournalGrowing"]],
  ["another StatefulSet was there", { outcomes: [outcome("unchanged", "x")] }, [5, "JournalGrowing"]],
  ["it is blocked", { volumes: { grown: false, blocked: "x" } }, [undefined]],
  ["the StatefulSet is away already", { volumes: { grown: false, kept: "5" } }, [undefined]],
])("%s", async (_, scene, wanted) => expect(await play(scene)).toEqual(wanted));

test("a StatefulSet that is not calm is looked at again", async () => {
  expect(await play({}, false)).toEqual([5, "JournalGrowing"]);
});
