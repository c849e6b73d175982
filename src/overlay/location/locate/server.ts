// The answering side of `/canopy/locate/1`: a relay's knowledge of the realms below it.
import type { Clock } from '../../../realm/clock.ts';
import { codeOf, RefusedError } from '../../../realm/errors.ts';
import type { Log } from '../../../realm/log.ts';
import { isWithin, type RealmName } from '../../../realm/names.ts';
import { type Charter, EMPTY_CHARTER } from '../../charter.ts';
import { relationOf } from '../../scope.ts';
import type { Shares } from '../../shares/shares.ts';
import { type ChainCheck, MAX_RELAYS, openRecord } from '../record.ts';
import { type RecordStore, relaysOf } from '../record-store.ts';
import { decodeRequest, encodeReply, type LocateReply, type Observed } from './codec.ts';
import type { Asker } from './way.ts';

export interface LocateServerComponents {
  /** Where we see those of these peers now that are relays of the realm: a record may name anybody's. */
  readonly seen: (peerIds: ReadonlySet<string>, realm: RealmName) => readonly Observed[];
  readonly checkChain: ChainCheck;
  readonly store: RecordStore;
  /** Absent: no trusts. */
  readonly charter?: Pick<Charter, 'arePartners'>;
  readonly shares: Pick<Shares, 'locates' | 'lineage'>;
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

  constructor(components: LocateServerComponents, init: LocateServerInit) {
    this.#components = components;
    this.#init = init;
  }

  /** Never rejects: what cannot be answered is refused. */
  async answer(request: Uint8Array, asker: Asker): Promise<Uint8Array> {
    const reply = await this.#answer(request, asker).catch((error: unknown): LocateReply => {
      this.#components.log.debug({ peer: asker.peerId, code: codeOf(error) }, 'locate refused');
      return { kind: 'refused', code: codeOf(error) };
    });
    return encodeReply(reply);
  }

  async #answer(bytes: Uint8Array, { peerId, realm, role, host }: Asker): Promise<LocateReply> {
    if (role !== 'relay') throw new RefusedError('not-a-relay', 'only admitted relays may ask');
    const { shares } = this.#components;
    if (!shares.locates.take(shares.lineage(realm))) throw new RefusedError('too-often', 'too many requests');
    const request = decodeRequest(bytes);
    if (request.kind === 'find') return this.#find(request.realm, realm);
    const record = await openRecord(request.record, this.#components.checkChain, this.#components.clock.now());
    if (record.realm !== realm || record.signer !== peerId)
      throw new RefusedError('not-yours', 'a record of another relay');
    if (!isWithin(record.realm, this.#init.realm)) throw new RefusedError('not-below', 'that realm is not below ours');
    this.#components.store.put(record);
    return { kind: 'noted', host: host ?? '', stun: this.#init.stun() };
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
    const named = held.flatMap((record) => relaysOf([record]));
    return { kind: 'found', records, observed: this.#observe(realm, named) };
  }

  /** Where we see these relays now, so that the asker can check what they say of themselves. */
  #observe(realm: RealmName, relays: readonly { readonly peerId: string }[]): Observed[] {
    return [...this.#components.seen(new Set(relays.map(({ peerId }) => peerId)), realm)];
  }
}
