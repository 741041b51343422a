/** One key with the value that somebody gave it, and where. `name` is the TOML name with its section. */
export interface Setting {
  readonly name: string;
  readonly value: unknown;
  readonly where: string;
}
