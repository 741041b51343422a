import { cpus, totalmem } from "node:os";

/** Where a run was made. */
export const machineText = (): string => {
  const cores = cpus();
  const gib = Math.round(totalmem() / 1_073_741_824);
  return `${cores.length} cores (${cores[0]?.model.trim() ?? "unknown"}), ${gib} GiB, Node ${process.version}`;
};
