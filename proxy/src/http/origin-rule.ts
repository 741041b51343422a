/** A host and an optional port as in the Host header; an IPv6 host in brackets. */
const hostName = (host: string): string | undefined =>
  /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();

/** Whether a host name means this machine by itself, whatever DNS says. */
export const isLoopback = (name: string): boolean =>
  name === "localhost" || name === "[::1]" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);

export interface RequestSource {
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/**
 * Why a publish without a key must not come from there, on a proxy that is bound to a loopback address and has no keys:
 * a web page could send it (Origin), or reach us under a name of its own (DNS rebinding, Host).
 */
export const foreignSource = ({ host, origin }: RequestSource): string | undefined => {
  const name = host === undefined ? undefined : hostName(host);
  if (name === undefined || !isLoopback(name))
    return `the Host ${JSON.stringify(host ?? "")} is not a loopback address`;
  if (origin === undefined) return undefined;
  const originHost = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  return originHost !== undefined && hostName(originHost) === name
    ? undefined
    : `the Origin ${JSON.stringify(origin)} is not ${name}`;
};
