// Circuits that a relay carries, and the reservations for them, in fair shares (fair-places.ts). libp2p counts the streams of one
// connection, and reservations in all: a realm that certifies realms without end would have every one of them.
import type { Connection, PeerId, Stream } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import { RefusedError } from '../../realm/errors.ts';
import type { Admissions, AdmittedPeer } from '../admission/admissions.ts';
import type { OverlayAudit } from '../audit.ts';
import { whenOver } from '../when-over.ts';
import type { Place } from './fair-places.ts';
import type { Shares } from './shares.ts';

const HOP = '/libp2p/circuit/relay/0.2.0/hop';
const QUOTA = 'quota';

export interface CircuitShareComponents {
  readonly shares: Pick<Shares, 'circuits' | 'lineage'>;
  readonly admissions: Pick<Admissions, 'get'>;
  readonly audit: OverlayAudit;
}

/** Before the circuit relay starts: each request for a circuit takes a place until its stream ends. */
export function shareCircuits(registrar: Pick<Registrar, 'handle'>, components: CircuitShareComponents): void {
  const handle = registrar.handle.bind(registrar);
  registrar.handle = (protocol, handler, options) => {
    if (protocol !== HOP) return handle(protocol, handler, options);
    const shared = (stream: Stream, connection: Connection): void | Promise<void> => {
      if (takesPlace(stream, connection, components)) return handler(stream, connection);
    };
    return handle(protocol, shared, options);
  };
}

function takesPlace(
  stream: Stream,
  connection: Connection,
  { shares, admissions, audit }: CircuitShareComponents,
): boolean {
  const peer = admissions.get(connection.remotePeer.toString());
  if (!peer) return true;
  const { realm, role, peerId } = peer;
  const over = new RefusedError(QUOTA, `${realm} and its kin have their share of circuits`);
  const place = shares.circuits.enter(shares.lineage(realm), () => {
    audit({ code: 'circuit-cut', reason: QUOTA, realm, role, peerId });
    stream.abort(over);
  });
  if (place) whenOver(stream, () => place.leave());
  else {
    audit({ code: 'scope-refused', reason: QUOTA, protocol: HOP, realm, role, peerId });
    stream.abort(over);
  }
  return place !== undefined;
}

export interface ReservationComponents {
  readonly shares: Pick<Shares, 'reservations' | 'lineage'>;
  readonly admissions: Pick<Admissions, 'get' | 'connections'>;
  readonly audit: OverlayAudit;
}

/** Who may reserve: one place for each peer, for as long as it is connected. */
export class Reservations {
  readonly #components: ReservationComponents;
  readonly #places = new Map<string, Place>();
  /** Has the circuit relay forget one. */
  forget: (peerId: PeerId) => void = () => {};

  constructor(components: ReservationComponents) {
    this.#components = components;
  }

  /** False: there is no place for it. */
  take(peerId: PeerId): boolean {
    const { admissions, shares, audit } = this.#components;
    const name = peerId.toString();
    const peer = admissions.get(name);
    if (!peer || this.#places.has(name)) return peer !== undefined;
    const place = shares.reservations.enter(shares.lineage(peer.realm), () => this.#giveUp(peer, peerId));
    if (place) this.#places.set(name, place);
    else
      audit({ code: 'scope-refused', reason: QUOTA, protocol: HOP, realm: peer.realm, role: peer.role, peerId: name });
    return place !== undefined;
  }

  /** A connection has closed: a reservation of who is gone would hold its place for two hours. */
  closed(peerId: PeerId): void {
    const name = peerId.toString();
    if (this.#components.admissions.get(name)) return;
    this.#places.get(name)?.leave();
    if (this.#places.delete(name)) this.forget(peerId);
  }

  /** Its relay learns by the loss of its connections, and is refused when it comes back for another one. */
  #giveUp({ realm, role, peerId: name }: AdmittedPeer, peerId: PeerId): void {
    const { admissions, audit } = this.#components;
    this.#places.delete(name);
    this.forget(peerId);
    audit({ code: 'session-cut', reason: QUOTA, realm, role, peerId: name });
    const over = new RefusedError(QUOTA, `${realm} and its kin have more than their share of reservations`);
    for (const connection of admissions.connections(name)) connection.abort(over);
  }
}
