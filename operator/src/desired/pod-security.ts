/** Both images run as this user and group. */
const unprivilegedId = 1_000;

/** Pod level of the `restricted` Pod Security Standard; `fsGroup` lets the user read Secrets and write volumes. */
export const restrictedPod = {
  runAsNonRoot: true,
  runAsUser: unprivilegedId,
  runAsGroup: unprivilegedId,
  fsGroup: unprivilegedId,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** Container level of it. */
export const restrictedContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** Mode 0440: `fsGroup` makes the files of a Secret readable for the group. */
export const secretFileMode = 0o440;
