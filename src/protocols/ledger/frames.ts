// The frames of /canopy/ledger/1; index.ts says in which order they go.
import { parseRealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../store/positional.ts';
import { CHAINS, type ChainId, MAX_SIGNED_ENTRY } from './entry.ts';
import { MAX_BATCH_ENTRIES } from './index.ts';

export interface FollowRequest extends ChainId {
  readonly from: number;
}

export type FollowAnswer =
  | { readonly kind: 'entries'; readonly entries: readonly Uint8Array[] }
  | { readonly kind: 'tip'; readonly n: number }
  | { readonly kind: 'refused'; readonly code: string };

const VERSION = 1;
const MAX_NAME = 253;
const MAX_CODE = 40;

export function encodeRequest({ realm, chain, from }: FollowRequest): Uint8Array {
  return encodeFields([VERSION, realm, chain, from]);
}

/** @throws InputError `malformed`, `unknown-version`, `bad-realm-name` */
export function decodeRequest(bytes: Uint8Array): FollowRequest {
  return decodeFields(bytes, 'ledger request', (reader) => {
    reader.version(VERSION);
    return { realm: parseRealmName(reader.text(MAX_NAME)), chain: reader.oneOf(CHAINS), from: reader.number() };
  });
}

export function encodeAnswer(answer: FollowAnswer): Uint8Array {
  switch (answer.kind) {
    case 'entries':
      return encodeFields([VERSION, 'entries', answer.entries]);
    case 'tip':
      return encodeFields([VERSION, 'tip', answer.n]);
    case 'refused':
      return encodeFields([VERSION, 'refused', answer.code]);
  }
}

function readAnswer(reader: FieldReader): FollowAnswer {
  reader.version(VERSION);
  const kind = reader.oneOf(['entries', 'tip', 'refused']);
  switch (kind) {
    case 'entries':
      return { kind, entries: reader.list(MAX_BATCH_ENTRIES, (item) => item.bytes(MAX_SIGNED_ENTRY)) };
    case 'tip':
      return { kind, n: reader.number() };
    case 'refused':
      return { kind, code: reader.text(MAX_CODE) };
  }
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeAnswer(bytes: Uint8Array): FollowAnswer {
  return decodeFields(bytes, 'ledger answer', readAnswer);
}
