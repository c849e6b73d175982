// `HOST:PORT` as operators write it: 0.0.0.0:4443, lviv.example:443, [::]:4443, or a port alone.
import { InputError } from '../realm/errors.ts';

export interface HostPort {
  /** A name or an address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

const MAX_PORT = 65_535;
const FORM = /^(?:(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s/]+)):)?(\d{1,5})$/;

/** @throws InputError `bad-host-port` */
export function parseHostPort(text: string, defaultHost = '0.0.0.0'): HostPort {
  const match = FORM.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > MAX_PORT) {
    throw new InputError('bad-host-port', `"${text.slice(0, 80)}" is not HOST:PORT`, {
      hint: 'Write for example 0.0.0.0:8443, relay.example:4443 or [::]:4443.',
    });
  }
  return { host: match[1] ?? match[2] ?? defaultHost, port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for 0.0.0.0 and ::, which can be listened on and not dialled. */
export function isAnyHost(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '';
}

/** True for this host alone: 127.0.0.0/8, ::1 and names under `localhost` (RFC 6761 section 6.3). */
export function isLoopbackHost(host: string): boolean {
  return host === '::1' || /^127(\.\d{1,3}){3}$/.test(host) || host === 'localhost' || host.endsWith('.localhost');
}

/** Where a program on the same host dials what listens on `listen`. */
export function dialledFromHere(listen: HostPort): HostPort {
  if (!isAnyHost(listen.host)) return listen;
  return { host: listen.host === '::' ? '::1' : '127.0.0.1', port: listen.port };
}
