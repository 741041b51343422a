import { expect, test } from "vitest";
import { cgroupTrees } from "./cgroups.ts";
import { parseMounts } from "./mounts.ts";

test("reads points and types, with optional fields and blanks in names", () => {
  const text = [
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "31 22 0:27 / /srv/two\\040words rw - tmpfs tmpfs rw",
    "",
  ].join("\n");
  expect(parseMounts(text)).toEqual([
    { point: "/", type: "ext4" },
    { point: "/srv/two words", type: "tmpfs" },
  ]);
});

const v1 = (name: string) => ({ point: `/sys/fs/cgroup/${name}`, type: "cgroup" });

test.each([
  ["version 2", [{ point: "/sys/fs/cgroup", type: "cgroup2" }], ["/sys/fs/cgroup"]],
  [
    "both",
    [v1("cpu"), v1("cpu"), { point: "/sys/fs/cgroup/unified", type: "cgroup2" }],
    ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified"],
  ],
  ["none", [{ point: "/", type: "ext4" }], []],
])("cgroup trees of %s", (_, mounts, trees) => {
  expect(cgroupTrees(mounts)).toEqual(trees);
});
