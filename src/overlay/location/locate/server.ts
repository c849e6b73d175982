// The answering side of `/canopy/locate/1`: a relay's knowledge of the realms below it.
import type { Connection, Stream } from '@libp2p/interface';
import type { Clock } from '../../../realm/clock.ts';
import { codeOf, RefusedError } from '../../../realm/errors.ts';
import type { Log } from '../../../realm/log.ts';
import { isWithin, type RealmName } from '../../../realm/names.ts';
import { type Charter, EMPTY_CHARTER } from '../../charter.ts';
import type { HostInternals } from '../../links/host-internals.ts';
import type { LinkAdmissions } from '../../links/links.ts';
import { hostOf } from '../../links/path.ts';
import { relationOf } from '../../scope.ts';
import { RateLimiter } from '../../stun/rate-limit.ts';
import { handshakeFrames } from '../../wire.ts';
import { type ChainCheck, MAX_RELAYS, openRecord } from '../record.ts';
import { type RecordStore, relaysOf } from '../record-store.ts';
import { decodeRequest, encodeReply, type LocateReply, MAX_OBSERVED, type Observed } from './codec.ts';
import { LOCATE_PROTOCOL, LOCATE_TIMEOUT, MAX_REQUEST, REQUESTS_IN_ALL, REQUESTS_PER_PEER } from './index.ts';

export interface LocateServerComponents {
  readonly host: Pick<HostInternals, 'registrar' | 'connectionManager'>;
  readonly admissions: LinkAdmissions;
  readonly checkChain: ChainCheck;
  readonly store: RecordStore;
  /** Absent: no trusts. */
  readonly charter?: Pick<Charter, 'arePartners'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LocateServerInit {
  readonly realm: RealmName;
  /** Our STUN servers, `HOST:PORT` or `:PORT`. */
  readonly stun: () => readonly string[];
  /** Our own record, for who asks where we are. */
  readonly ownRecord: () => Uint8Array | undefined;
}

export class LocateServer {
  readonly #components: LocateServerComponents;
  readonly #init: LocateServerInit;
  readonly #limiter: RateLimiter;

  constructor(components: LocateServerComponents, init: LocateServerInit) {
    this.#components = components;
    this.#init = init;
    this.#limiter = new RateLimiter(components.clock, REQUESTS_PER_PEER, REQUESTS_IN_ALL);
  }

  async start(): Promise<void> {
    await this.#components.host.registrar.handle(
      LOCATE_PROTOCOL,
      (stream, connection) => this.#handle(stream, connection),
      {
        maxInboundStreams: 8,
        runOnLimitedConnection: true,
      },
    );
  }

  async stop(): Promise<void> {
    await this.#components.host.registrar.unhandle(LOCATE_PROTOCOL);
  }

  async #handle(stream: Stream, connection: Connection): Promise<void> {
    const signal = AbortSignal.timeout(LOCATE_TIMEOUT);
    try {
      const frames = handshakeFrames(stream, MAX_REQUEST);
      const bytes = (await frames.read({ signal })).slice();
      const reply = await this.#answer(bytes, connection).catch((error: unknown): LocateReply => {
        this.#components.log.debug({ peer: connection.remotePeer.toString(), code: codeOf(error) }, 'locate refused');
        return { kind: 'refused', code: codeOf(error) };
      });
      await frames.write(encodeReply(reply), { signal });
      await stream.close({ signal });
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #answer(bytes: Uint8Array, connection: Connection): Promise<LocateReply> {
    const peerId = connection.remotePeer.toString();
    const peer = this.#components.admissions.get(peerId);
    if (peer?.role !== 'relay') throw new RefusedError('not-a-relay', 'only admitted relays may ask');
    if (!this.#limiter.take(peerId)) throw new RefusedError('too-often', 'too many requests');
    const request = decodeRequest(bytes);
    if (request.kind === 'find') return this.#find(request.realm, peer.realm);
    const record = await openRecord(request.record, this.#components.checkChain, this.#components.clock.now());
    if (record.realm !== peer.realm || record.signer !== peerId)
      throw new RefusedError('not-yours', 'a record of another relay');
    if (!isWithin(record.realm, this.#init.realm)) throw new RefusedError('not-below', 'that realm is not below ours');
    this.#components.store.put(record);
    return { kind: 'noted', host: hostOf(connection.remoteAddr) ?? '', stun: this.#init.stun() };
  }

  /** Only for kin, by name, and with a trust: where other branches of another enterprise stand is none of the asker's business. */
  #find(realm: RealmName, asker: RealmName): LocateReply {
    if (!isWithin(realm, this.#init.realm)) throw new RefusedError('not-below', 'that realm is not below ours');
    const { charter = EMPTY_CHARTER } = this.#components;
    const isKin = relationOf({ realm: asker, tier: 'branch' }, { realm, tier: 'branch' }) !== 'stranger';
    if (!isKin && !charter.arePartners(asker, realm))
      throw new RefusedError('not-kin', 'that realm is no kin of yours');
    const held = this.#components.store.get(realm);
    const own = realm === this.#init.realm ? this.#init.ownRecord() : undefined;
    const records = [...(own ? [own] : []), ...held.map(({ bytes }) => bytes)].slice(0, MAX_RELAYS);
    return { kind: 'found', records, observed: this.#observe(held.flatMap((record) => relaysOf([record]))) };
  }

  /** Where we see these relays now, so that the asker can check what they say of themselves. */
  #observe(relays: readonly { readonly peerId: string }[]): Observed[] {
    const ids = new Set(relays.map(({ peerId }) => peerId));
    const seen = this.#components.host.connectionManager.getConnections().flatMap((connection) => {
      const peerId = connection.remotePeer.toString();
      const host = ids.has(peerId) ? hostOf(connection.remoteAddr) : undefined;
      return host === undefined ? [] : [{ peerId, host }];
    });
    const isFirst = ({ peerId, host }: Observed, index: number): boolean =>
      seen.findIndex((other) => other.peerId === peerId && other.host === host) === index;
    return seen.filter(isFirst).slice(0, MAX_OBSERVED);
  }
}
