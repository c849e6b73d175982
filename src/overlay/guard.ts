// Puts the scope table before every protocol handler of a host, those of libp2p's own services included: it wraps the
// registrar's `handle` before any service starts. (The registrar's middleware can't serve: each inbound stream adds its
// handler to the middleware's own list.)
import type { Connection, Stream, StreamHandler, StreamHandlerOptions } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import { RefusedError } from '../realm/errors.ts';
import type { Admissions } from './admission/admissions.ts';
import type { OverlayAudit } from './audit.ts';
import type { Scope } from './scope.ts';

export interface GuardComponents {
  readonly scope: Scope;
  readonly admissions: Admissions;
  readonly audit: OverlayAudit;
}

export function guardRegistrar(registrar: Registrar, components: GuardComponents): void {
  const handle = registrar.handle.bind(registrar);
  registrar.handle = (protocol: string, handler: StreamHandler, options?: StreamHandlerOptions) =>
    handle(protocol, guarded(protocol, handler, components), options);
}

function guarded(protocol: string, handler: StreamHandler, components: GuardComponents): StreamHandler {
  return (stream: Stream, connection: Connection) => {
    if (passes(protocol, connection, components)) return handler(stream, connection);
    stream.abort(new RefusedError('out-of-scope', `${protocol} is not for ${connection.remotePeer.toString()}`));
    return undefined;
  };
}

function passes(protocol: string, connection: Connection, { scope, admissions, audit }: GuardComponents): boolean {
  const peerId = connection.remotePeer.toString();
  const peer = admissions.get(peerId);
  if (peer && scope.mayOpen(peer, protocol)) return true;
  const who = peer ? { realm: peer.realm, role: peer.role } : {};
  audit({ code: 'scope-refused', reason: 'out-of-scope', protocol, peerId, ...who });
  return false;
}
