import { readFile } from "node:fs/promises";
import { LuaFactory } from "wasmoon";
import { parse } from "yaml";

const key = "resource.customizations.health.revenprox.io_RevenProx";
const page = new URL("../../../docs/argocd.md", import.meta.url);

/** What Argo CD makes of an object by the health check of docs/argocd.md. */
export type ArgoHealth = (object: unknown) => { readonly status: string; readonly message: string };

/** JSON as a Lua expression; what is undefined is left out. */
const literal = (value: unknown): string => {
  if (value === null) return "nil";
  if (typeof value === "string")
    return `"${[...new TextEncoder().encode(value)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `{${value.map(literal).join(",")}}`;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([name, field]) => `[${literal(name)}]=${literal(field)}`).join(",")}}`;
};

const check = async (): Promise<string> => {
  const text = await readFile(page, "utf8");
  const [, yaml = ""] = /```yaml\n(apiVersion: v1\nkind: ConfigMap[\s\S]*?)```/.exec(text) ?? [];
  const { data } = parse(yaml) as { readonly data: Readonly<Record<string, string>> };
  const lua = data[key];
  if (lua === undefined) throw new Error(`docs/argocd.md has no ${key}`);
  return lua;
};

export const startArgoHealth = async (): Promise<ArgoHealth> => {
  const engine = await new LuaFactory().createEngine();
  await engine.doString(`function health_of(obj)\n${await check()}\nend`);
  return (object) => {
    const told: unknown = engine.doStringSync(
      `local hs = health_of(${literal(object)})\nreturn hs.status .. "\\n" .. (hs.message or "")`,
    );
    const [status = "", ...message] = String(told).split("\n");
    return { status, message: message.join("\n") };
  };
};
