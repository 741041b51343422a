const pause = { name: "pause", image: "localhost/pause:1", imagePullPolicy: "IfNotPresent" };

const metadata = (name: string) => ({ name, namespace: "default" });

/** Two pods behind a Service, and one pod, not root, that owns a volume; all of them only wait. */
export const twoPodsAndAVolume = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: metadata("web"),
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: { containers: [pause] } },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata("web"),
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: metadata("data"),
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: metadata("keeper"),
      spec: {
        securityContext: { runAsUser: 1000, fsGroup: 1000, runAsNonRoot: true },
        containers: [{ ...pause, volumeMounts: [{ name: "data", mountPath: "/data" }] }],
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
      },
    },
  ],
};
