/** Field manager of every server-side apply and value of `app.kubernetes.io/managed-by`. */
export const managedBy = "revenprox-operator";

/** Value of the seed's `app` label by component. */
export const appLabel = { proxy: "revenprox", nats: "revenprox-nats" } as const;
export type Component = keyof typeof appLabel;

/** Labels by which Services, Deployments and monitors select pods: they never change during an instance's life. */
export const selectorLabels = (instance: string, component: Component): Record<string, string> => ({
  app: appLabel[component],
  "app.kubernetes.io/instance": instance,
});

/** Labels of every object that the operator makes. */
export const objectLabels = (instance: string, component: Component): Record<string, string> => ({
  ...selectorLabels(instance, component),
  "app.kubernetes.io/name": "revenprox",
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/part-of": "revenprox",
  "app.kubernetes.io/managed-by": managedBy,
});
