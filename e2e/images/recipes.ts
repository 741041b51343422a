export type Component = "proxy" | "operator" | "nats-server" | "pause";

export type Recipe = {
  component: Component;
  repository: string;
  /** Path from the repository root, which is also the build context. */
  dockerfile: string;
  usually: string;
};

export const RECIPES: readonly Recipe[] = [
  { component: "proxy", repository: "localhost/revenprox-proxy", dockerfile: "proxy/Dockerfile", usually: "20 s" },
  {
    component: "operator",
    repository: "localhost/revenprox-operator",
    dockerfile: "operator/Dockerfile",
    usually: "20 s",
  },
  {
    component: "nats-server",
    repository: "localhost/nats-server",
    dockerfile: "e2e/images/nats-server/Dockerfile",
    usually: "5 s, the first time 60 s",
  },
];
