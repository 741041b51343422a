import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { Prober } from "../tool/prober.ts";
import { cores } from "../tool/processes.ts";
import { bareUws, nodeHttp } from "./simple-server.ts";

test.each([bareUws, nodeHttp])("$name answers what scenario d asks it meanwhile", async ({ start }) => {
  const folder = await mkdtemp(join(tmpdir(), "simple-server-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const running = await start({ cores: cores.server, folder, proxyKeys: {} });
  onTestFinished(() => running.stop());
  const prober = new Prober(running.target);
  prober.start();
  await prober.stop();
});
