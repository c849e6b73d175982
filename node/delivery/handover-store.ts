// What became of each message on its way to each realm, and the ways themselves: one record for each distinct way, since
// thousands of messages take the same.
//
//   ('handover', id, sender, realm)  -> [state, at, reference of the way or empty, code]     state 0 handed over, 1 failed
//   ('path', reference)              -> [kind, via or '', [[realm, role, pid, peer id], …], [[realm, at], …]]
//
// A reference is 16 bytes of SHA-256. The second list names the custodians that held a batch; the way of a batch that came
// through custody is its own, since it has their times.
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import type { Hop, Path } from '../../src/overlay/seam.ts';
import { encodeTrail, readTrail, type Station } from '../../src/protocols/custody/frames.ts';
import { idBytes, type MessageId, type UserId } from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName, ROLES } from '../../src/realm/names.ts';
import { PATH_KINDS, type PathKind } from '../../src/realm/path-kinds.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key } from '../../src/store/keys.ts';

/** A stream's way, and the custodians before it. */
export interface Travelled extends Path {
  readonly trail?: readonly Station[];
}

export interface Handover {
  readonly state: 'handed-over' | 'failed';
  readonly at: number;
  /** Unknown when the acknowledgement was lost with a crash. */
  readonly path?: Travelled;
  readonly code?: string;
}

/** A way as it is written beside what took it. */
export interface StoredPath {
  readonly kind: PathKind;
  readonly ref: Uint8Array;
  readonly write: Write;
}

const STATES = ['handed-over', 'failed'] as const;
const REF = 16;
const MAX_RECORD = 16 * 1024;
const MAX_HOPS = 16;
const MAX_NAME = 253;
/** Fields of a path that was written before there was custody. */
const BEFORE_CUSTODY = 3;

export function storePath(path: Travelled): StoredPath {
  const hops = path.hops.map(({ realm, role, pid, peerId }) => [realm, ROLES.indexOf(role), pid, peerId]);
  const value = encodeItem([PATH_KINDS.indexOf(path.kind), path.via ?? '', hops, encodeTrail(path.trail ?? [])]);
  const ref = sha256(value).slice(0, REF);
  return { kind: path.kind, ref, write: { type: 'put', key: key('path', ref), value } };
}

export function handoverWrite(
  message: { readonly id: MessageId; readonly sender: UserId },
  realm: RealmName,
  handover: { state: Handover['state']; at: number; ref?: Uint8Array | undefined; code?: string | undefined },
): Write {
  const { state, at, ref = new Uint8Array(), code = '' } = handover;
  const value = encodeItem([STATES.indexOf(state), at, ref, code]);
  return { type: 'put', key: key('handover', idBytes(message.id), idBytes(message.sender), realm), value };
}

export class HandoverStore {
  readonly #database: Pick<Database, 'get'>;

  constructor(database: Pick<Database, 'get'>) {
    this.#database = database;
  }

  async handover(id: MessageId, sender: UserId, realm: RealmName): Promise<Handover | undefined> {
    const value = await this.#database.get(key('handover', idBytes(id), idBytes(sender), realm));
    if (!value) return undefined;
    const fields = new Fields(decodeStrict(value, MAX_RECORD), 'handover', 4);
    const state = STATES[fields.uint(1)] ?? 'failed';
    const at = fields.uint();
    const path = await this.path(fields.bytes(REF));
    const code = fields.text(64);
    return { state, at, ...(path && { path }), ...(code && { code }) };
  }

  async path(ref: Uint8Array): Promise<Travelled | undefined> {
    const value = ref.length === 0 ? undefined : await this.#database.get(key('path', ref));
    if (!value) return undefined;
    const fields = new Fields(decodeStrict(value, MAX_RECORD), 'path');
    const kind = PATH_KINDS[fields.uint(PATH_KINDS.length - 1)] ?? 'local';
    const via = fields.text(MAX_NAME);
    const hops = fields.list(MAX_HOPS).map(readHop);
    const trail = fields.count > BEFORE_CUSTODY ? readTrail(fields) : [];
    return { kind, ...(via && { via: parseRealmName(via) }), hops, ...(trail.length > 0 && { trail }) };
  }
}

function readHop(item: unknown): Hop {
  const fields = new Fields(item, 'hop', 4);
  const realm = fields.parsed(MAX_NAME, parseRealmName);
  const role = ROLES[fields.uint(ROLES.length - 1)] ?? 'node';
  return { realm, role, pid: fields.uint(), peerId: fields.text(256) };
}
