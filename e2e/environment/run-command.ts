import { spawn } from "node:child_process";

/** A program ended with a code other than 0; `stderr` is what it said. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly stderr: string;

  constructor(command: string, code: number | null, stderr: string) {
    super(`${command} ended with ${code}: ${stderr.trim()}`);
    this.stderr = stderr;
  }
}

/** Standard output of a program; rejects with CommandFailed. */
export const runCommand = (program: string, args: readonly string[], input = ""): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(stdout) : reject(new CommandFailed(`${program} ${args.join(" ")}`, code, stderr)),
    );
    child.stdin.end(input);
  });
