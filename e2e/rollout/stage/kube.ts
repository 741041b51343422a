import { readFile } from "node:fs/promises";
import { Agent, request } from "node:https";

/** Answers parsed JSON; rejects with status and text of a refusal. */
export type Kube = (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown) => Promise<unknown>;

interface KubeconfigJson {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly "certificate-authority-data": string };
  }[];
  readonly users: readonly {
    readonly user: { readonly "client-certificate-data": string; readonly "client-key-data": string };
  }[];
}

/** Calls the API server of a kubeconfig whose certificates are embedded; a PATCH is a merge patch. */
export const kubeOf = async (kubeconfig: string): Promise<Kube> => {
  const { clusters, users } = JSON.parse(await readFile(kubeconfig, "utf8")) as KubeconfigJson;
  const [first, identity] = [clusters[0]?.cluster, users[0]?.user];
  if (first === undefined || identity === undefined) throw new Error(`${kubeconfig} names no cluster or no user`);
  const decoded = (text: string): Buffer => Buffer.from(text, "base64");
  const agent = new Agent({
    keepAlive: true,
    ca: decoded(first["certificate-authority-data"]),
    cert: decoded(identity["client-certificate-data"]),
    key: decoded(identity["client-key-data"]),
  });
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
      const sent = body === undefined ? "" : JSON.stringify(body);
      // Node leaves the length of a DELETE's body out, and the server takes it for the next request.
      const headers = { "content-type": type, "content-length": Buffer.byteLength(sent) };
      const call = request(`${first.server}${path}`, { method, agent, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("error", reject);
        answer.on("end", () => {
          if ((answer.statusCode ?? 0) < 300) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`));
        });
      });
      call.on("error", reject);
      call.end(sent);
    });
};
