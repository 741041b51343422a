/**
 * Node's module, not by `import`, which reads each of its names: with `WebSocket` Node then loads its own undici, some
 * megabytes that nobody here uses (docs/performance.md).
 */
export const nodeHttp = process.getBuiltinModule("node:http");
