// What a custodian keeps on disk for others.
//
//   ('custody', 'held', destination, origin, incarnation, first, last)    -> [heldAt, expiry, bytes, from, ref, trail, passedAt]
//   ('custody', 'payload', destination, origin, incarnation, first, last) -> the payload as it came
//   ('custody', 'settled', origin, destination, incarnation)              -> [settled, signature, ref, handed on]
//   ('custody', 'owed', origin, incarnation)                              -> []: as a destination we owe this origin a settlement
//   ('custody', 'chain', ref)                                             -> the chain of a node
//   ('custody', 'trace', origin, destination, incarnation, first, last)   -> [heldAt, from, passedAt, endedAt, code or '']
//   ('custody', 'handed', id, sender, realm)                              -> [at, custodian, incarnation, n]: a message of ours
//   ('custody', 'position', destination)                                  -> [incarnation, n, at]: how far our outbox was handed on
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import { encodeTrail, readTrail, type Station } from '../../src/protocols/custody/frames.ts';
import { MAX_SETTLED, REF } from '../../src/protocols/custody/index.ts';
import { idBytes, type MessageId, type UserId } from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { between, type KeyPart, key, parseKey, under } from '../../src/store/keys.ts';

/** Which batch: numbers `first` to `last` of an origin's sequence for a destination. */
export interface BatchId {
  readonly origin: RealmName;
  readonly destination: RealmName;
  readonly incarnation: number;
  readonly first: number;
  readonly last: number;
}

export interface HeldRecord extends BatchId {
  /** Milliseconds since 1970, as all times here. */
  readonly heldAt: number;
  /** After which nothing in it matters. */
  readonly expiry: number;
  readonly bytes: number;
  /** The neighbour who handed it to us. */
  readonly from: RealmName;
  readonly ref: Uint8Array;
  readonly trail: readonly Station[];
  /** When the next on the way took it; 0 for not yet. */
  readonly passedAt: number;
}

export interface SettledRecord {
  readonly settled: Uint8Array;
  readonly signature: Uint8Array;
  readonly ref: Uint8Array;
  readonly handedOn: boolean;
}

export interface Trace extends BatchId {
  readonly heldAt: number;
  readonly from: RealmName;
  readonly passedAt: number;
  /** 0 while it is held. */
  readonly endedAt: number;
  /** Why it was dropped; empty when its destination settled it. */
  readonly code: string;
}

/** When a message of ours was handed to a custodian, and under which number. */
export interface HandedRecord {
  readonly at: number;
  readonly custodian: RealmName;
  readonly incarnation: number;
  readonly n: number;
}

const MAX_SMALL = 4 * 1024;
const MAX_NAME = 253;
const NOTHING = encodeItem([]);
const put = (at: Uint8Array, value: Uint8Array): Write => ({ type: 'put', key: at, value });
const small = (value: Uint8Array, what: string, length: number) =>
  new Fields(decodeStrict(value, MAX_SMALL), what, length);

const place = (what: 'held' | 'payload', id: BatchId): Uint8Array =>
  key('custody', what, id.destination, id.origin, id.incarnation, id.first, id.last);
const traceKey = (id: BatchId): Uint8Array =>
  key('custody', 'trace', id.origin, id.destination, id.incarnation, id.first, id.last);
const chainKey = (ref: Uint8Array): Uint8Array => key('custody', 'chain', ref);
const handedKey = (id: MessageId, sender: UserId, realm: RealmName): Uint8Array =>
  key('custody', 'handed', idBytes(id), idBytes(sender), realm);

// Writes, for a commit of the caller.

export function heldWrite(record: HeldRecord): Write {
  const { heldAt, expiry, bytes, from, ref, trail, passedAt } = record;
  return put(place('held', record), encodeItem([heldAt, expiry, bytes, from, ref, encodeTrail(trail), passedAt]));
}

export function payloadWrite(id: BatchId, payload: Uint8Array): Write {
  return put(place('payload', id), payload);
}

export function chainWrite(ref: Uint8Array, chain: Uint8Array): Write {
  return put(chainKey(ref), chain);
}

/** A batch leaves custody; what remains, unless its origin has too many traces, is when it came and went. */
export function endWrites(record: HeldRecord, endedAt: number, code: string, isTraced = true): Write[] {
  const { heldAt, from, passedAt } = record;
  const left: Write[] = [
    { type: 'del', key: place('held', record) },
    { type: 'del', key: place('payload', record) },
  ];
  return isTraced ? [...left, put(traceKey(record), encodeItem([heldAt, from, passedAt, endedAt, code]))] : left;
}

export function traceRemoval(id: BatchId): Write {
  return { type: 'del', key: traceKey(id) };
}

export function settledWrite(
  of: { origin: RealmName; destination: RealmName; incarnation: number },
  { settled, signature, ref, handedOn }: SettledRecord,
): Write {
  const at = key('custody', 'settled', of.origin, of.destination, of.incarnation);
  return put(at, encodeItem([settled, signature, ref, handedOn]));
}

export function settledRemoval(of: { origin: RealmName; destination: RealmName; incarnation: number }): Write {
  return { type: 'del', key: key('custody', 'settled', of.origin, of.destination, of.incarnation) };
}

export function owedWrite(origin: RealmName, incarnation: number): Write {
  return put(key('custody', 'owed', origin, incarnation), NOTHING);
}

export function owedRemoval(origin: RealmName, incarnation: number): Write {
  return { type: 'del', key: key('custody', 'owed', origin, incarnation) };
}

export function handedWrite(
  message: { readonly id: MessageId; readonly sender: UserId },
  realm: RealmName,
  { at, custodian, incarnation, n }: HandedRecord,
): Write {
  return put(handedKey(message.id, message.sender, realm), encodeItem([at, custodian, incarnation, n]));
}

export function positionWrite(destination: RealmName, at: { incarnation: number; n: number }, time: number): Write {
  return put(key('custody', 'position', destination), encodeItem([at.incarnation, at.n, time]));
}

/** Reads what the writes above wrote. */
export class CustodyStore {
  readonly #database: Pick<Database, 'get' | 'iterate'>;

  constructor(database: Pick<Database, 'get' | 'iterate'>) {
    this.#database = database;
  }

  async *held(): AsyncIterable<HeldRecord> {
    for await (const [at, value] of this.#database.iterate(under('custody', 'held'))) {
      const [destination, origin, ...numbers] = parseKey(at).slice(2);
      yield { ...batchId(origin, destination, numbers), ...readHeld(value) };
    }
  }

  payload(id: BatchId): Promise<Uint8Array | undefined> {
    return this.#database.get(place('payload', id));
  }

  chain(ref: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#database.get(chainKey(ref));
  }

  async *settled(): AsyncIterable<SettledRecord> {
    for await (const [, value] of this.#database.iterate(under('custody', 'settled'))) yield readSettled(value);
  }

  async *owed(): AsyncIterable<{ origin: RealmName; incarnation: number }> {
    for await (const [at] of this.#database.iterate(under('custody', 'owed'))) {
      const [origin, incarnation] = parseKey(at).slice(2);
      yield { origin: parseRealmName(String(origin)), incarnation: Number(incarnation) };
    }
  }

  /** What became of the batch that had this number. */
  async trace(origin: RealmName, destination: RealmName, incarnation: number, n: number): Promise<Trace | undefined> {
    const { gte } = under('custody', 'trace', origin, destination, incarnation);
    const { gte: lt } = between(['custody', 'trace', origin, destination, incarnation], n + 1);
    for await (const [at, value] of this.#database.iterate({ gte, lt, reverse: true, limit: 1 })) {
      const found = { ...batchId(origin, destination, parseKey(at).slice(4)), ...readTrace(value) };
      return found.last >= n ? found : undefined;
    }
    return undefined;
  }

  async *traces(): AsyncIterable<Trace> {
    for await (const [at, value] of this.#database.iterate(under('custody', 'trace'))) {
      const [origin, destination, ...numbers] = parseKey(at).slice(2);
      yield { ...batchId(origin, destination, numbers), ...readTrace(value) };
    }
  }

  async *chainRefs(): AsyncIterable<Uint8Array> {
    for await (const [at] of this.#database.iterate(under('custody', 'chain'))) {
      const ref = parseKey(at)[2];
      if (ref instanceof Uint8Array) yield ref;
    }
  }

  async handed(id: MessageId, sender: UserId, realm: RealmName): Promise<HandedRecord | undefined> {
    const value = await this.#database.get(handedKey(id, sender, realm));
    if (!value) return undefined;
    const fields = small(value, 'handed record', 4);
    const at = fields.uint();
    return { at, custodian: fields.parsed(MAX_NAME, parseRealmName), incarnation: fields.uint(), n: fields.uint() };
  }

  async position(destination: RealmName): Promise<{ incarnation: number; n: number; at: number } | undefined> {
    const value = await this.#database.get(key('custody', 'position', destination));
    if (!value) return undefined;
    const fields = small(value, 'position in custody', 3);
    return { incarnation: fields.uint(), n: fields.uint(), at: fields.uint() };
  }
}

export function chainRemoval(ref: Uint8Array): Write {
  return { type: 'del', key: chainKey(ref) };
}

function batchId(
  origin: KeyPart | undefined,
  destination: KeyPart | undefined,
  [incarnation, first, last]: readonly KeyPart[],
): BatchId {
  const realms = { origin: parseRealmName(String(origin)), destination: parseRealmName(String(destination)) };
  return { ...realms, incarnation: Number(incarnation), first: Number(first), last: Number(last) };
}

function readHeld(value: Uint8Array): Omit<HeldRecord, keyof BatchId> {
  const fields = small(value, 'held batch', 7);
  const times = { heldAt: fields.uint(), expiry: fields.uint(), bytes: fields.uint() };
  const from = fields.parsed(MAX_NAME, parseRealmName);
  return { ...times, from, ref: fields.bytes(REF, REF), trail: readTrail(fields), passedAt: fields.uint() };
}

function readSettled(value: Uint8Array): SettledRecord {
  const fields = new Fields(decodeStrict(value, MAX_SETTLED + MAX_SMALL), 'settled record', 4);
  const settled = fields.bytes(MAX_SETTLED);
  return { settled, signature: fields.bytes(64, 64), ref: fields.bytes(REF, REF), handedOn: fields.flag() };
}

function readTrace(value: Uint8Array): Omit<Trace, keyof BatchId> {
  const fields = small(value, 'trace', 5);
  const heldAt = fields.uint();
  const from = fields.parsed(MAX_NAME, parseRealmName);
  return { heldAt, from, passedAt: fields.uint(), endedAt: fields.uint(), code: fields.text(64) };
}
