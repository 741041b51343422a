/** A way to one pod's port from this machine. `origin` is `http://127.0.0.1:PORT`. */
export interface Reach {
  readonly origin: string;
  close(): Promise<void>;
}

/** Image names as the cluster knows them. */
export interface ImageNames {
  readonly operator: string;
  readonly proxy: string;
  readonly natsServer: string;
}

/** A Kubernetes cluster that stories and the demo run on: the built-in one, or any that a context names. */
export interface Platform {
  readonly description: string;
  readonly images: ImageNames;
  /** Standard output of kubectl; rejects with its standard error. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  helm(args: readonly string[]): Promise<string>;
  reach(namespace: string, pod: string, port: number): Promise<Reach>;
  down(): Promise<void>;
}
