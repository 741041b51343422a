/** A host without brackets, and a port. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Takes `host:port` as the schema lets it through; an IPv6 host is in brackets. */
export const listenAddress = (text: string): HostAndPort => {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at).replace(/^\[(.*)\]$/, "$1"), port: Number(text.slice(at + 1)) };
};

export const addressText = ({ host, port }: HostAndPort): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
