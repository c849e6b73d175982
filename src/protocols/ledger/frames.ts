// The frames of /canopy/ledger/1; index.ts says in which order they go.
import { parseRealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../store/positional.ts';
import { CHAINS, type ChainId, HASH, MAX_NAME, MAX_SIGNED_ENTRY } from './entry.ts';
import { MAX_PROOF } from './fraud.ts';
import { MAX_ASKED, MAX_BATCH_ENTRIES, MAX_ROWS, MAX_STATEMENTS } from './index.ts';
import { MAX_ROW } from './snapshot.ts';
import { MAX_STATEMENT } from './witness.ts';

/** Where a chain ends at somebody: the number and the hash of its last entry there. */
export interface Tip extends ChainId {
  readonly n: number;
  readonly hash: Uint8Array;
}

export type LedgerFrame =
  | { readonly kind: 'follow' | 'tips'; readonly tips: readonly Tip[] }
  | { readonly kind: 'snapshot'; readonly rows: readonly Uint8Array[]; readonly ends: boolean }
  | { readonly kind: 'entries'; readonly entries: readonly Uint8Array[] }
  | { readonly kind: 'heads'; readonly statements: readonly Uint8Array[] }
  | { readonly kind: 'fraud'; readonly proof: Uint8Array }
  | { readonly kind: 'refused'; readonly code: string };

const VERSION = 1;
const MAX_CODE = 40;
const KINDS = ['follow', 'tips', 'snapshot', 'entries', 'heads', 'fraud', 'refused'] as const;

export function encodeFrame(frame: LedgerFrame): Uint8Array {
  return encodeFields([VERSION, frame.kind, ...bodyOf(frame)]);
}

function bodyOf(frame: LedgerFrame) {
  switch (frame.kind) {
    case 'follow':
    case 'tips':
      return [frame.tips.map(({ realm, chain, n, hash }) => [realm, chain, n, hash])];
    case 'snapshot':
      return [frame.rows, frame.ends];
    case 'entries':
      return [frame.entries];
    case 'heads':
      return [frame.statements];
    case 'fraud':
      return [frame.proof];
    case 'refused':
      return [frame.code];
  }
}

function readTip(item: FieldReader): Tip {
  const fields = item.nested();
  const tip = {
    realm: parseRealmName(fields.text(MAX_NAME)),
    chain: fields.oneOf(CHAINS),
    n: fields.number(),
    hash: fields.bytes(HASH, HASH),
  };
  fields.end();
  return tip;
}

function readFrame(reader: FieldReader): LedgerFrame {
  reader.version(VERSION);
  const kind = reader.oneOf(KINDS);
  switch (kind) {
    case 'follow':
    case 'tips':
      return { kind, tips: reader.list(MAX_ASKED, readTip) };
    case 'snapshot':
      return { kind, rows: reader.list(MAX_ROWS, (item) => item.bytes(MAX_ROW)), ends: reader.boolean() };
    case 'entries':
      return { kind, entries: reader.list(MAX_BATCH_ENTRIES, (item) => item.bytes(MAX_SIGNED_ENTRY)) };
    case 'heads':
      return { kind, statements: reader.list(MAX_STATEMENTS, (item) => item.bytes(MAX_STATEMENT)) };
    case 'fraud':
      return { kind, proof: reader.bytes(MAX_PROOF) };
    case 'refused':
      return { kind, code: reader.text(MAX_CODE) };
  }
}

/** @throws InputError `malformed`, `unknown-version`, `bad-realm-name` */
export function decodeFrame(bytes: Uint8Array): LedgerFrame {
  return decodeFields(bytes, 'ledger frame', readFrame);
}
