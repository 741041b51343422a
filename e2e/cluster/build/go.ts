import { existsSync } from "node:fs";
import { command } from "../host/command.ts";

const OLDEST_GO_MINOR = 26;
const USUAL_PLACE = "/usr/local/go/bin/go";

export type Go = { program: string; version: string };

/** Finds Go on PATH, else in /usr/local/go. Throws with how to get it when it is missing or older than 1.26. */
export async function findGo(): Promise<Go> {
  const failures: unknown[] = [];
  for (const program of ["go", USUAL_PLACE]) {
    if (program.startsWith("/") && !existsSync(program)) continue;
    const version = await versionSaid(program).catch((error: unknown) => void failures.push(error));
    if (version === undefined) continue;
    if (isRecentEnough(version)) return { program, version };
    throw new Error(
      `${program} is ${version}, but the local cluster needs go1.${OLDEST_GO_MINOR} or newer. ${HOW_TO_GET_GO}`,
    );
  }
  const cause = new AggregateError(failures);
  throw new Error(`Go is not installed; the local cluster and nats-server are built with it. ${HOW_TO_GET_GO}`, {
    cause,
  });
}

const versionSaid = async (program: string): Promise<string> =>
  (await command(program, ["env", "GOVERSION"], { cwd: "/" })).trim();

const HOW_TO_GET_GO =
  "Get it from https://go.dev/dl/ and unpack it: rm -rf /usr/local/go && tar -C /usr/local -xzf go1.*.linux-amd64.tar.gz";

/** True for "go1.26", "go1.26.8", "go1.27rc1", "go2.0"; false for older ones and for what is no Go version. */
export function isRecentEnough(version: string): boolean {
  const match = /^go(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 1 || (major === 1 && minor >= OLDEST_GO_MINOR);
}

/** Builds the Go module or package in `source` into the static program `output`. */
export async function goBuild(go: Go, source: string, output: string, linkerFlags = ""): Promise<void> {
  const ldflags = `-s -w ${linkerFlags}`.trim();
  await command(go.program, ["build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", output, "."], {
    cwd: source,
    env: staticBuild(),
  });
}

/** Builds the program of a published module, such as `example.com/tool@v1.2.3`, into `folder`. */
export async function goInstall(go: Go, module: string, folder: string): Promise<void> {
  await command(go.program, ["install", "-trimpath", "-ldflags", "-s -w", module], {
    cwd: folder,
    env: { ...staticBuild(), GOBIN: folder },
  });
}

function staticBuild(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
}
