// The node's side of `/canopy/paths/1`: what each of its relays says of its links, nothing of one that is away; and which of
// them is the best way to a realm.
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, messageOf } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Admissions } from '../admission/admissions.ts';
import { FramedStream } from '../framed-stream.ts';
import { orderRelays } from '../links/choice.ts';
import { decodeReports, encodeWanted, MAX_PATHS_FRAME, PATHS_PROTOCOL } from '../paths/index.ts';
import type { PathReport } from '../seam.ts';
import type { OwnRelay } from './own-relays.ts';

const OPEN_DEADLINE = 10_000;
const NEVER = new AbortController().signal;

export interface PathFollowerComponents {
  readonly admissions: Admissions;
  /** The relays that are connected. */
  readonly relays: () => readonly OwnRelay[];
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

interface Followed {
  readonly stream: FramedStream;
  readonly reports: Map<RealmName, PathReport>;
}

export class PathFollower {
  readonly #components: PathFollowerComponents;
  /** By peer id of the relay. */
  readonly #followed = new Map<string, Followed>();
  readonly #inUse = new Map<RealmName, string>();
  readonly #listeners = new Set<(report: PathReport, relay: string) => void>();
  #wanted: readonly RealmName[] = [];

  constructor(components: PathFollowerComponents) {
    this.#components = components;
  }

  /** For each realm what the best relay for it says. */
  get reports(): PathReport[] {
    const realms = new Set([...this.#followed.values()].flatMap(({ reports }) => [...reports.keys()]));
    return [...realms].flatMap((realm) => this.#known(realm)[0]?.report ?? []);
  }

  /** With the peer id of the relay that says so. */
  onPath(listener: (report: PathReport, relay: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The own relays in the order in which they should be tried for that realm: kind of path, then round trip from here. */
  order(realm: RealmName): Connection[] {
    return this.#ordered(realm).map(({ connection }) => connection);
  }

  /** The relays are to keep links to these realms, also one that comes back later. */
  keep(realms: readonly RealmName[]): void {
    this.#wanted = realms;
    for (const { stream } of this.#followed.values()) this.#tellWanted(stream);
  }

  /** Follows the relay behind this connection until it ends. Never rejects. */
  async follow(relay: Connection): Promise<void> {
    const { clock } = this.#components;
    const peerId = relay.remotePeer.toString();
    let stream: FramedStream | undefined;
    try {
      const peer = this.#components.admissions.get(peerId);
      if (!peer) return;
      const raw = await within(clock, OPEN_DEADLINE, 'stream for paths', NEVER, (signal) =>
        relay.newStream([PATHS_PROTOCOL], { signal }),
      );
      stream = new FramedStream(raw, { peer, path: { kind: 'local', hops: [] }, maxFrame: MAX_PATHS_FRAME });
      const reports = new Map<RealmName, PathReport>();
      this.#followed.set(peerId, { stream, reports });
      if (this.#wanted.length > 0) this.#tellWanted(stream);
      for (let frame = await stream.read(); frame; frame = await stream.read()) this.#take(reports, frame);
      await stream.close();
    } catch (error) {
      this.#components.log.debug({ error: messageOf(error) }, 'paths no longer followed');
      stream?.abort(asError(error));
    } finally {
      // Another one may have begun by now: what it has told stays.
      if (stream && this.#followed.get(peerId)?.stream === stream) this.#forget(peerId);
    }
  }

  #forget(peerId: string): void {
    const lost = this.#followed.get(peerId);
    this.#followed.delete(peerId);
    // With another relay left the way goes on over that one, and is told so.
    for (const realm of lost?.reports.keys() ?? []) this.#announce(realm);
  }

  #take(reports: Map<RealmName, PathReport>, frame: Uint8Array): void {
    for (const report of decodeReports(frame)) {
      reports.set(report.realm, report);
      this.#announce(report.realm);
    }
  }

  #announce(realm: RealmName): void {
    const [best] = this.#known(realm);
    if (best) for (const listener of this.#listeners) listener(best.report, best.peerId);
  }

  #known(realm: RealmName): { readonly report: PathReport; readonly peerId: string }[] {
    return this.#ordered(realm).flatMap(({ report, peerId }) => (report ? [{ report, peerId }] : []));
  }

  #ordered(realm: RealmName) {
    const candidates = this.#components.relays().map(({ peerId, connection, rtt, isSilent }) => {
      const report = this.#followed.get(peerId)?.reports.get(realm);
      // Not measured yet: the relay is in the same house, so it counts for little.
      const whole = report?.rtt === undefined ? undefined : (rtt ?? 0) + report.rtt;
      return { peerId, connection, report, path: report?.kind ?? ('unreachable' as const), rtt: whole, isSilent };
    });
    const ordered = orderRelays(candidates, this.#inUse.get(realm));
    const [first] = ordered;
    if (first) this.#inUse.set(realm, first.peerId);
    return ordered;
  }

  #tellWanted(stream: FramedStream): void {
    stream.write(encodeWanted(this.#wanted)).catch((error) => {
      this.#components.log.debug({ error: messageOf(error) }, 'wanted links not told');
    });
  }
}
