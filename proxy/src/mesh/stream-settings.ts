import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";

const same = (wanted: unknown, found: unknown): boolean =>
  typeof wanted !== "object" || wanted === null || typeof found !== "object" || found === null
    ? wanted === found
    : Object.entries(wanted).every(([key, value]) => same(value, Reflect.get(found, key))) &&
      Object.keys(found).length === Object.keys(wanted).length;

const orFalse = (value: unknown): unknown => value ?? false;

/** Names of the settings in which the stream differs from what is wanted. */
export const differences = (wanted: Readonly<Record<string, unknown>>, found: StreamConfig): string[] =>
  Object.entries(wanted)
    .filter(
      ([key, value]) =>
        !same(value, typeof value === "boolean" ? orFalse(Reflect.get(found, key)) : Reflect.get(found, key)),
    )
    .map(([key]) => key);

export const isApiError = (fault: unknown, code: number): boolean =>
  fault instanceof JetStreamApiError && fault.code === code;

/** Undefined: there is no such stream. */
export const existingStream = async (manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> => {
  try {
    return await manager.streams.info(name);
  } catch (fault) {
    if (isApiError(fault, JetStreamApiCodes.StreamNotFound)) return undefined;
    throw fault;
  }
};
