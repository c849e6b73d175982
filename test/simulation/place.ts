// The simulated overlay as one run of one node program sees it.
import type { Scope } from '../../src/overlay/scope.ts';
import type {
  HandleOptions,
  Network,
  OpenOptions,
  Path,
  PathReport,
  Peer,
  PingReport,
  Stream,
  StreamHandler,
} from '../../src/overlay/seam.ts';
import { UnreachableError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

/** What the network does for it. */
export interface PlaceWorld {
  open(from: Place, to: RealmName, protocol: string, options: OpenOptions): Promise<Stream>;
  pathsOf(realm: RealmName): PathReport[];
  pathBetween(from: RealmName, to: RealmName): Path | undefined;
}

export interface PlaceInit {
  readonly peer: Peer;
  readonly scope: Scope;
  /** Of the running program: false from the moment at which it is killed. */
  readonly isAlive: () => boolean;
  /** Whether the charter of this program says that it must not talk with that peer any more. */
  readonly isCut?: (peer: Peer) => boolean;
}

export interface Handler {
  readonly options: HandleOptions;
  readonly run: StreamHandler;
}

/** The network as one run of one node program sees it. */
export class Place implements Network {
  readonly init: PlaceInit;
  readonly handlers = new Map<string, Handler>();
  readonly #world: PlaceWorld;
  readonly #listeners = new Set<(report: PathReport) => void>();

  constructor(world: PlaceWorld, init: PlaceInit) {
    this.#world = world;
    this.init = init;
  }

  get realm(): RealmName {
    return this.init.peer.realm;
  }

  open(realm: RealmName, protocol: string, options: OpenOptions): Promise<Stream> {
    return this.init.isAlive() ? this.#world.open(this, realm, protocol, options) : new Promise(() => {});
  }

  handle(protocol: string, options: HandleOptions, handler: StreamHandler): void {
    this.handlers.set(protocol, { options, run: handler });
    this.init.scope.declare(protocol, options.allow);
  }

  paths(): PathReport[] {
    return this.#world.pathsOf(this.realm);
  }

  async ping(realm: RealmName): Promise<PingReport> {
    const path = this.#world.pathBetween(this.realm, realm);
    if (!path) throw new UnreachableError('no-path', `no way leads to ${realm}`);
    return { path, rtt: 1 };
  }

  onPath(listener: (report: PathReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(report: PathReport): void {
    for (const listener of this.#listeners) listener(report);
  }
}
