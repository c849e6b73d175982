// A relay's links to other realms' relays: one interface for those who forward streams over them. A link is the best
// connection that two relays have at the moment; it is usable relayed at once and improves by itself.
import type { Connection } from '@libp2p/interface';
import type { RealmName, Role } from '../../realm/names.ts';
import type { PathReport } from '../seam.ts';
import type { NatView } from '../stun/nat-detection.ts';

export type LinkPath = 'direct-tcp' | 'direct-webrtc' | 'relayed';

/** The ways to a direct path that this host may try, tried in the order tcp, tcp-punch, webrtc. */
export const PUNCH_WAYS = ['tcp', 'tcp-punch', 'webrtc'] as const;
export type PunchWay = (typeof PUNCH_WAYS)[number];

/** What a link is doing, as people see it. */
export type Phase = 'idle' | 'locating' | 'connecting' | 'relayed' | 'probing' | 'punching' | 'webrtc' | 'direct';

export interface LinkConnection {
  readonly connection: Connection;
  readonly path: LinkPath;
  /** The realm whose relay carries a relayed link. */
  readonly via?: RealmName;
}

/** The state of the link to one relay. */
export interface RelayReport {
  readonly realm: RealmName;
  readonly peerId: string;
  readonly phase: Phase;
  readonly path: LinkPath | 'unreachable';
  readonly via?: RealmName;
  readonly rtt?: number;
  /** Rounds of attempts begun since the link was last at rest. */
  readonly rounds: number;
  /** Milliseconds until the next round; undefined while one runs, or when there is nothing better to try. */
  readonly nextRoundIn?: number;
}

/** What this host knows of its own network, for the operator. */
export type NatKind = 'unknown' | 'none' | 'cone' | 'symmetric';

export interface Links {
  /** Resolves with the best connection as soon as there is one. @throws UnreachableError `no-path` when no way led there */
  get(realm: RealmName, signal: AbortSignal): Promise<LinkConnection>;
  /** The connection that `get` would give this moment, without asking for one. */
  current(realm: RealmName): LinkConnection | undefined;
  /** The best connection with each relay of the realm, the one that `current` gives first. */
  ways(realm: RealmName): LinkConnection[];
  reports(): PathReport[];
  /** Calls back when the path of a link has changed. Returns the unsubscriber. */
  onChange(listener: (report: PathReport) => void): () => void;
  /** Keeps links to these realms from now on (the enterprise's certified list); replaces the last such list. */
  keep(realms: readonly RealmName[]): void;
  /** True while a WebRTC connection with this peer may come up: it has an open, admitted connection to signal on. */
  expectsWebrtc(peerId: string): boolean;
  /** The link to each relay, for the operator. */
  relayReports(): RelayReport[];
  /** Whether an operator should forward a port: `symmetric` can't be punched. */
  nat(): NatKind;
  /** Others reach us at another place than before: tell them, and try again what failed. */
  moved(): void;
  /** What the STUN servers see of this host now. @throws UnreachableError */
  netcheck(): Promise<NatView>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What links ask of the admission registry. */
export interface LinkAdmissions {
  get(peerId: string): { readonly realm: RealmName; readonly role: Role } | undefined;
}

/** A realm above ours, with the addresses of its relays (each ends in `/p2p/<peer id>`). */
export interface Ancestor {
  readonly realm: RealmName;
  readonly relays: readonly string[];
}
