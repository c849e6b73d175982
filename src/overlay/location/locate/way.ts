// What location needs of the network: somebody to ask, and an answer. No type of libp2p passes, so that a simulation can stand
// in; over-libp2p.ts is the real one.
import type { RealmName, Role } from '../../../realm/names.ts';

/** Another realm's relay, or another of our own, over one connection. */
export interface LocateWay {
  readonly peerId: string;
  /** The IP address at which we reach it, when we do so directly. */
  readonly host: string | undefined;
  /** One request, one reply. */
  ask(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** Who asks, as admission knows it. */
export interface Asker {
  readonly peerId: string;
  readonly realm: RealmName;
  readonly role: Role;
  /** The IP address at which we see it, when it comes directly. */
  readonly host: string | undefined;
}
