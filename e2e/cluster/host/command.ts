import { type SpawnOptions, spawn } from "node:child_process";

export type CommandResult = { code: number; stdout: string; stderr: string };

export type CommandOptions = {
  /** Written to the program's standard input, which is then closed. */
  input?: string | undefined;
  cwd?: string | undefined;
  env?: NodeJS.ProcessEnv | undefined;
};

/** Runs a program to its end and returns what it printed. Throws only when it cannot be started. */
export function tryCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const spawnOptions: SpawnOptions = { stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"] };
  if (options.cwd !== undefined) spawnOptions.cwd = options.cwd;
  if (options.env !== undefined) spawnOptions.env = options.env;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, spawnOptions);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.on("error", (error: NodeJS.ErrnoException) => {
      // A program may end without reading all its input; its exit code tells whether that was a fault.
      if (error.code !== "EPIPE") reject(error);
    });
    child.stdin?.end(options.input);
    child.on("error", (cause) => reject(new Error(`${program} could not be started: ${cause.message}`, { cause })));
    child.on("close", (code, signal) => {
      const ended = signal === null ? "" : `ended by ${signal}\n`;
      resolve({
        code: code ?? 128,
        stdout: Buffer.concat(stdout).toString(),
        stderr: ended + Buffer.concat(stderr).toString(),
      });
    });
  });
}

/** Runs a program and returns its standard output. Throws, with what it printed, when its exit code is not 0. */
export async function command(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await tryCommand(program, args, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-4000);
  throw new Error(`${program} ${args.join(" ")} ended with code ${result.code}:\n${said}`);
}
