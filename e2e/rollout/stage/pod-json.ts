/** A pod as the API server shows it, as far as a stand-in for the kubelet reads it. */
export interface PodJson {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly [
      {
        readonly args: readonly string[];
        readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
        readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
      },
    ];
    readonly volumes: readonly VolumeJson[];
  };
}

export interface VolumeJson {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
  readonly projected?: {
    readonly sources: readonly {
      readonly configMap?: { readonly name: string };
      readonly secret?: { readonly name: string };
    }[];
  };
}
