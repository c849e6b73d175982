// The node's side of `/canopy/paths/1`: what its relay says of its links, empty while the relay is away.
import type { Connection } from '@libp2p/interface';
import { messageOf } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Admissions } from '../admission/admissions.ts';
import { FramedStream } from '../framed-stream.ts';
import { decodeReports, encodeWanted, MAX_PATHS_FRAME, PATHS_PROTOCOL } from '../paths/index.ts';
import type { PathReport } from '../seam.ts';

const OPEN_DEADLINE = 10_000;

export interface PathFollowerComponents {
  readonly admissions: Admissions;
  readonly log: Log;
}

export class PathFollower {
  readonly #components: PathFollowerComponents;
  readonly #reports = new Map<string, PathReport>();
  readonly #listeners = new Set<(report: PathReport) => void>();
  #wanted: readonly RealmName[] = [];
  #stream: FramedStream | undefined;

  constructor(components: PathFollowerComponents) {
    this.#components = components;
  }

  get reports(): PathReport[] {
    return [...this.#reports.values()];
  }

  onPath(listener: (report: PathReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The relay is to keep links to these realms, also when it comes back later. */
  keep(realms: readonly RealmName[]): void {
    this.#wanted = realms;
    this.#stream?.write(encodeWanted(realms)).catch((error) => {
      this.#components.log.debug({ error: messageOf(error) }, 'wanted links not told');
    });
  }

  /** Follows the relay behind this connection until it ends. Never rejects. */
  async follow(relay: Connection): Promise<void> {
    let stream: FramedStream | undefined;
    try {
      const peer = this.#components.admissions.get(relay.remotePeer.toString());
      if (!peer) return;
      const raw = await relay.newStream([PATHS_PROTOCOL], { signal: AbortSignal.timeout(OPEN_DEADLINE) });
      stream = new FramedStream(raw, { peer, path: { kind: 'local', hops: [] }, maxFrame: MAX_PATHS_FRAME });
      this.#stream = stream;
      if (this.#wanted.length > 0) this.keep(this.#wanted);
      for (let frame = await stream.read(); frame; frame = await stream.read()) this.#take(decodeReports(frame));
      await stream.close();
    } catch (error) {
      this.#components.log.debug({ error: messageOf(error) }, 'paths no longer followed');
      stream?.abort(error instanceof Error ? error : new Error(String(error)));
    } finally {
      // Another one may have begun by now: what it has told stays.
      if (this.#stream === stream) {
        this.#reports.clear();
        this.#stream = undefined;
      }
    }
  }

  #take(reports: readonly PathReport[]): void {
    for (const report of reports) {
      this.#reports.set(report.realm, report);
      for (const listener of this.#listeners) listener(report);
    }
  }
}
