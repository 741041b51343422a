import { afterEach, expect, test, vi } from "vitest";
import { componentArguments } from "./components.ts";
import { configurationFiles, hardOpenFilesLimit } from "./configuration.ts";
import { namedDigests, parseImageList } from "./images.ts";
import { layoutIn, stateFolder } from "./layout.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a state folder too long for the sockets in it is refused", () => {
  vi.stubEnv("REVENPROX_STATE", `/tmp/${"x".repeat(80)}`);
  expect(stateFolder).toThrow("REVENPROX_STATE");
  vi.stubEnv("REVENPROX_STATE", "/tmp/short");
  expect(stateFolder()).toBe("/tmp/short");
});

test.each([
  ["Max open files            1024                 20000                files", 20_000],
  ["Max open files            unlimited            unlimited            files", Number.POSITIVE_INFINITY],
])("reads the hard limit of: %s", (line, expected) => {
  expect(hardOpenFilesLimit(`Limit  Soft Limit  Hard Limit  Units\n${line}\n`)).toBe(expected);
});

test("every file and flag that names a path lies in the state folder", () => {
  const layout = layoutIn("/state");
  expect(Object.keys(configurationFiles(layout, "/usr/sbin/runc")).every((path) => path.startsWith("/state/"))).toBe(
    true,
  );
  const components = ["etcd", "kube-apiserver", "kube-controller-manager", "kubelet", "volume-provisioner"] as const;
  const paths = components
    .flatMap((component) => componentArguments(component, layout))
    .flatMap((flag) => /=(\/.*)/.exec(flag)?.[1] ?? []);
  expect(paths.filter((path) => !path.startsWith("/state/"))).toEqual([]);
});

test("reads image names and digests, of an archive and of containerd", () => {
  const manifests = [
    { digest: "sha256:1", annotations: { "org.opencontainers.image.ref.name": "localhost/a:1" } },
    { digest: "sha256:2" },
  ];
  expect([...namedDigests({ manifests })]).toEqual([["localhost/a:1", "sha256:1"]]);
  const list =
    "REF            TYPE                         DIGEST     SIZE\nlocalhost/a:1 application/vnd.oci sha256:1 1.4 MiB linux/amd64 -\n";
  expect([...parseImageList(list)]).toEqual([["localhost/a:1", "sha256:1"]]);
});
