// The simulated overlay: what node programs see as `Network` of the seam. Streams go over links (link.ts) through a terrain
// (terrain.ts); who may open what is decided by the real scope table. A program that was killed is silent for ever.
import type { LinkPath } from '../../src/overlay/links/links.ts';
import type { Hop, OpenOptions, Path, PathReport, Stream } from '../../src/overlay/seam.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { checksum, type EventLog } from './event-log.ts';
import { Lane } from './lane.ts';
import { Link } from './link.ts';
import { type Handler, Place, type PlaceInit, type PlaceWorld } from './place.ts';
import type { Random } from './random.ts';
import { SimulatedStream } from './stream.ts';
import type { Terrain } from './terrain.ts';

/** Default of the seam. */
const MAX_FRAME = 1024 * 1024;
const MAX_STREAMS = 16;
/** Milliseconds after which a reset that met a broken way is tried again. */
const RESET_AGAIN = 2_000;

export interface NetworkInit {
  readonly clock: Clock;
  readonly random: Random;
  readonly terrain: Terrain;
  readonly log: EventLog;
}

/** What was carried for one realm, both ways. */
export interface Traffic {
  frames: number;
  bytes: number;
}

/** One stream as the network holds it: the first end opened it. */
interface Held {
  readonly link: Link;
  readonly ends: readonly [Place, Place];
  readonly protocol: string;
  readonly path: LinkPath;
  readonly there: Lane;
  readonly back: Lane;
}

export class SimulatedNetwork implements PlaceWorld {
  readonly #init: NetworkInit;
  readonly #places = new Map<RealmName, Place>();
  readonly #links = new Map<string, Link>();
  readonly #linksOf = new Map<RealmName, Set<Link>>();
  readonly #held = new Map<Link, Set<Held>>();
  readonly #waiting = new Map<Link, Set<() => void>>();
  readonly #traffic = new Map<RealmName, Traffic>();
  readonly byProtocol = new Map<string, Traffic>();

  constructor(init: NetworkInit) {
    this.#init = init;
    init.terrain.onChange((realm) => this.#weather(realm));
  }

  /** A program of that realm has started. */
  place(init: PlaceInit): Place {
    const place = new Place(this, init);
    this.#places.set(place.realm, place);
    return place;
  }

  /** A program has died. `silent`: its host went with it, and nobody is told. */
  kill(place: Place, silent: boolean): void {
    if (this.#places.get(place.realm) === place) this.#places.delete(place.realm);
    for (const stream of this.#streamsOf(place)) {
      const opened = stream.ends[0] === place;
      stream.there.abandon(opened ? 'writer' : 'reader');
      stream.back.abandon(opened ? 'reader' : 'writer');
      if (!silent) this.#resetLater(stream);
    }
  }

  /** All streams and paths of a realm end at once, as when its relay is started anew; nobody's program dies. */
  dropPaths(realm: RealmName): void {
    for (const link of this.#linksOf.get(realm) ?? []) link.restart();
  }

  /** All troubles are over: whoever waits for a better moment tries again. */
  renew(): void {
    for (const link of this.#links.values()) link.renew();
  }

  /** Ends the streams of this program whose ends must not talk any more. */
  recheck(place: Place): void {
    for (const stream of this.#streamsOf(place)) {
      if (isCut(...stream.ends)) this.#reset(stream, new RefusedError('cert-revoked', 'the other side was revoked'));
    }
  }

  traffic(realm: RealmName): Traffic {
    const known = this.#traffic.get(realm) ?? { frames: 0, bytes: 0 };
    this.#traffic.set(realm, known);
    return known;
  }

  /** Streams that a realm has open, and the bytes that they hold. */
  burden(realm: RealmName): { streams: number; bytes: number } {
    const place = this.#places.get(realm);
    const streams = place ? this.#streamsOf(place) : [];
    return { streams: streams.length, bytes: streams.reduce((sum, one) => sum + one.there.bytes + one.back.bytes, 0) };
  }

  /** Realms with which this one has an open stream. */
  talksWith(realm: RealmName): RealmName[] {
    const place = this.#places.get(realm);
    if (!place) return [];
    return this.#streamsOf(place).map(({ ends }) => (ends[0] === place ? ends[1] : ends[0]).realm);
  }

  pathsOf(realm: RealmName): PathReport[] {
    return [...(this.#linksOf.get(realm) ?? [])].flatMap((link) => {
      const other = link.ends.find((end) => end !== realm);
      return other ? [reportOf(link, other)] : [];
    });
  }

  pathBetween(from: RealmName, to: RealmName): Path | undefined {
    const link = this.#link(from, to);
    return link.best && pathOf(link, link.best, from, to);
  }

  async open(from: Place, to: RealmName, protocol: string, options: OpenOptions): Promise<Stream> {
    const { signal } = options;
    signal.throwIfAborted();
    const link = this.#link(from.realm, to);
    link.ask(from.realm);
    while (!link.best) await this.#nextTurn(link, signal);
    const path = link.best;
    const { clock, terrain } = this.#init;
    // A round trip: the header of the stream, and the other node's admission of it.
    await sleep(clock, 2 * terrain.delay(from.realm, to, link.via, 100), signal);
    if (!from.init.isAlive()) return new Promise(() => {});
    if (!link.works(path)) await this.#nextTurn(link, signal);
    const target = this.#places.get(to);
    if (!target || !link.has(path)) throw new UnreachableError('realm-unreachable', `${to} cannot be reached`);
    const handler = this.#admit(link, from, target, protocol);
    return this.#connect(link, path, from, target, { protocol, handler, maxFrame: options.maxFrame ?? MAX_FRAME });
  }

  #admit(link: Link, from: Place, target: Place, protocol: string): Handler {
    const handler = target.handlers.get(protocol);
    if (isCut(from, target)) throw new RefusedError('cert-revoked', `${from.realm} and ${target.realm} do not talk`);
    if (!handler || !target.init.scope.mayOpen(from.init.peer, protocol)) {
      throw new RefusedError('out-of-scope', `${protocol} is not for ${from.realm} at ${target.realm}`);
    }
    const open = [...(this.#held.get(link) ?? [])].filter((one) => one.ends[0] === from && one.protocol === protocol);
    if (open.length >= (handler.options.maxStreams ?? MAX_STREAMS)) {
      throw new RefusedError('too-many-streams', `${from.realm} has ${open.length} streams of ${protocol}`);
    }
    return handler;
  }

  #connect(
    link: Link,
    path: LinkPath,
    from: Place,
    to: Place,
    { protocol, handler, maxFrame }: { protocol: string; handler: Handler; maxFrame: number },
  ): Stream {
    const there = this.#lane(link, path, from.realm, to.realm, protocol);
    const back = this.#lane(link, path, to.realm, from.realm, protocol);
    const held: Held = { link, ends: [from, to], protocol, path, there, back };
    this.#keep(link, held);
    this.#init.log.note('open', from.realm, to.realm, protocol, path);
    const reset = () => this.#resetLater(held);
    const farPath = pathOf(link, path, from.realm, to.realm);
    const ends = { path: farPath, reset };
    const far = new SimulatedStream({
      ...ends,
      peer: from.init.peer,
      reads: there,
      writes: back,
      maxFrame: handler.options.maxFrame ?? MAX_FRAME,
    });
    handler.run(far).then(
      () => far.close(),
      (error: unknown) => far.abort(error instanceof Error ? error : new Error(String(error))),
    );
    return new SimulatedStream({ ...ends, peer: to.init.peer, reads: back, writes: there, maxFrame });
  }

  #lane(link: Link, path: LinkPath, from: RealmName, to: RealmName, protocol: string): Lane {
    const { clock, terrain, log } = this.#init;
    const tallies = [this.traffic(from), this.traffic(to), this.#protocolTraffic(protocol)];
    const via = path === 'relayed' ? link.via : undefined;
    return new Lane({
      clock,
      delay: (bytes) => terrain.delay(from, to, via, bytes),
      passes: () => link.works(path),
      onArrival: (frame) => {
        for (const tally of tallies) {
          tally.frames++;
          tally.bytes += frame.length;
        }
        log.note('frame', from, to, protocol, frame.length, checksum(frame));
      },
    });
  }

  #protocolTraffic(protocol: string): Traffic {
    const known = this.byProtocol.get(protocol) ?? { frames: 0, bytes: 0 };
    this.byProtocol.set(protocol, known);
    return known;
  }

  #keep(link: Link, held: Held): void {
    const streams = this.#held.get(link) ?? new Set();
    for (const one of streams) if (one.there.isOver && one.back.isOver) streams.delete(one);
    this.#held.set(link, streams.add(held));
  }

  #streamsOf(place: Place): Held[] {
    const found: Held[] = [];
    for (const link of this.#linksOf.get(place.realm) ?? []) {
      const held = this.#held.get(link) ?? new Set();
      for (const one of held) {
        if (one.there.isOver && one.back.isOver) held.delete(one);
        else if (one.ends.includes(place)) found.push(one);
      }
    }
    return found;
  }

  #link(a: RealmName, b: RealmName): Link {
    const ends = a < b ? ([a, b] as const) : ([b, a] as const);
    const name = ends.join(' ');
    const known = this.#links.get(name);
    if (known) return known;
    const link = new Link(ends, {
      ...this.#init,
      onChange: (changed) => this.#changed(changed),
      onDrop: (dropped, path) => this.#dropped(dropped, path),
      onExhausted: (exhausted) => this.#wake(exhausted),
      onNear: (end) => this.#renewOf(end),
    });
    this.#links.set(name, link);
    for (const end of ends) this.#linksOf.set(end, (this.#linksOf.get(end) ?? new Set()).add(link));
    return link;
  }

  /** What a change may have broken or healed: the links of a realm, and all when it may carry those of others. */
  #weather(realm?: RealmName): void {
    const { terrain } = this.#init;
    const isLocal = realm !== undefined && !terrain.mayCarry(realm);
    const links = isLocal ? [...(this.#linksOf.get(realm) ?? [])] : [...this.#links.values()];
    for (const link of links) link.weather();
    for (const link of links) for (const stream of this.#held.get(link) ?? []) heal(stream);
  }

  #renewOf(end: RealmName): void {
    for (const link of this.#linksOf.get(end) ?? []) link.renew([end]);
  }

  #changed(link: Link): void {
    const [a, b] = link.ends;
    this.#init.log.note('link', a, b, link.best ?? 'none', link.via ?? '');
    this.#places.get(a)?.tell(reportOf(link, b));
    this.#places.get(b)?.tell(reportOf(link, a));
    this.#wake(link);
  }

  #dropped(link: Link, path: LinkPath): void {
    for (const stream of this.#held.get(link) ?? []) {
      if (stream.path === path) this.#reset(stream, new PeerError('stream-reset', 'the path was lost'));
    }
  }

  #reset(stream: Held, cause: Error): void {
    stream.there.fail(cause);
    stream.back.fail(cause);
    this.#held.get(stream.link)?.delete(stream);
  }

  /** A reset travels as a frame does, and not at all over a broken way. */
  #resetLater(stream: Held): void {
    const { clock, terrain } = this.#init;
    const [from, to] = stream.ends;
    clock.after(terrain.delay(from.realm, to.realm, undefined, 0), () => {
      if (stream.there.isOver && stream.back.isOver) return;
      if (stream.link.works(stream.path)) {
        this.#reset(stream, new PeerError('stream-reset', 'the other side reset the stream'));
      } else clock.after(RESET_AGAIN, () => this.#resetLater(stream));
    });
  }

  /** Until the link has changed, or its supervisor has tried everything. @throws UnreachableError `no-path` */
  async #nextTurn(link: Link, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const waiting = this.#waiting.get(link) ?? new Set();
      const done = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        waiting.delete(done);
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.set(link, waiting.add(done));
    });
    if (!link.best) throw new UnreachableError('no-path', `no way leads from ${link.ends[0]} to ${link.ends[1]}`);
  }

  #wake(link: Link): void {
    const waiting = this.#waiting.get(link);
    this.#waiting.delete(link);
    for (const done of waiting ?? []) done();
  }
}

function isCut(a: Place, b: Place): boolean {
  return (a.init.isCut?.(b.init.peer) ?? false) || (b.init.isCut?.(a.init.peer) ?? false);
}

function heal({ there, back }: Held): void {
  there.heal();
  back.heal();
}

function reportOf(link: Link, realm: RealmName): PathReport {
  const { best, via } = link;
  return { realm, kind: best ?? 'unreachable', ...(via !== undefined && { via }), since: 0 };
}

function pathOf(link: Link, kind: LinkPath, from: RealmName, to: RealmName): Path {
  const hop = (realm: RealmName, role: Hop['role']): Hop => ({ realm, role, pid: 1, peerId: `${role}.${realm}` });
  const via = kind === 'relayed' ? link.via : undefined;
  const hops = [hop(from, 'node'), hop(from, 'relay'), hop(to, 'relay'), hop(to, 'node')];
  return { kind, ...(via !== undefined && { via }), hops };
}
