// Places of this host in the forms that libp2p and STUN want.

/** A host's address or name and a port. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export function listenAddress({ host, port }: Place): string {
  if (host.includes(':')) return `/ip6/${host}/tcp/${port}`;
  return /^[\d.]+$/.test(host) ? `/ip4/${host}/tcp/${port}` : `/dns/${host}/tcp/${port}`;
}

/** `:PORT`, a port of whatever address others reach us at, when the one that we know may not be theirs. */
export function stunText({ host, port }: Place, isAnnounced: boolean): string {
  const isAny = host === '0.0.0.0' || host === '::';
  if (isAny || isAnnounced) return `:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
