// `/canopy/move/1`: the home of a user hands the user over to another realm of the same enterprise. Between nodes.
//
//   old home -> new home   [1, profile record, kind, identity or null, [certificate, ...], head or null, wraps or null, count]
//                          or the same and true: the user is hidden
//   old home -> new home   a record of the vault, `count` times
//   old home -> new home   of a vault: the last rows of its line, in one frame (src/crypto/vault/line.ts)
//   new home -> old home   [1, 'held' | 'refused', code]            what came is on disk; then both close
//
// Handing over changes nothing yet. The old home then writes `user-moved` into its directory chain, and the new home, which follows that
// chain, writes the user, the identity under its own authority's signature, and the devices into its own: nobody is ever a user of two
// realms, and who speaks for whom stands in the ledger. What is held without that entry is replaced by the next hand-over.
//
// The password does not come along: its record is bound to the realm's secret. The new home's administrator gives a first one.
//
// Limits: 64 MiB a vault, 1 MiB a frame, 2 streams a realm. Deadlines: 30 s a frame, 10 minutes in all. Refusals: `scope` (no realm of
// this enterprise), `login-taken`, `user-contradicts` (another realm vouches for that user), `vault-full`, `malformed`.
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { USER_KINDS, type UserKind } from '../ledger/kinds.ts';
import { MAX_RECORD } from '../profile/record.ts';

export const MOVE_PROTOCOL = '/canopy/move/1';
export const MAX_FRAME = 1024 * 1024;
export const MAX_STREAMS = 2;
export const FRAME_DEADLINE = 30_000;
export const MOVE_DEADLINE = 600_000;

const VERSION = 1;
const MAX_IDENTITY = 256;
const MAX_CERTIFICATE = 256;
const MAX_CERTIFICATES = 64;
const MAX_HEAD = 256;
const MAX_WRAPS = 16 * 1024;
const MAX_RECORDS = 1_000_000;
const MAX_CODE = 64;

export interface MovedUser {
  /** As encodeProfile writes it. */
  readonly profile: Uint8Array;
  readonly kind: UserKind;
  /** As `user-identity` of the ledger. */
  readonly identity: Uint8Array | undefined;
  readonly certificates: readonly Uint8Array[];
  readonly vault: { readonly head: Uint8Array; readonly wraps: Uint8Array } | undefined;
  /** Records that follow. */
  readonly count: number;
  readonly isHidden?: boolean | undefined;
}

export function encodeMovedUser(user: MovedUser): Uint8Array {
  const { profile, kind, identity, certificates, vault, count, isHidden } = user;
  const sealed = [vault?.head ?? null, vault?.wraps ?? null];
  const last = isHidden ? [count, true] : [count];
  return encodeFields([VERSION, profile, kind, identity ?? null, certificates, ...sealed, ...last]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeMovedUser(bytes: Uint8Array): MovedUser {
  return decodeFields(bytes, 'moved user', (reader) => {
    reader.version(VERSION);
    const profile = reader.bytes(MAX_RECORD);
    const kind = reader.oneOf(USER_KINDS);
    const identity = reader.optional((field) => field.bytes(MAX_IDENTITY));
    const certificates = reader.list(MAX_CERTIFICATES, (item) => item.bytes(MAX_CERTIFICATE));
    const head = reader.optional((field) => field.bytes(MAX_HEAD));
    const wraps = reader.optional((field) => field.bytes(MAX_WRAPS));
    const vault = head && wraps && { head, wraps };
    const user = { profile, kind, identity, certificates, vault, count: reader.number(MAX_RECORDS) };
    return reader.hasMore && reader.boolean() ? { ...user, isHidden: true } : user;
  });
}

export type MoveAnswer = { readonly kind: 'held' } | { readonly kind: 'refused'; readonly code: string };

export function encodeMoveAnswer(answer: MoveAnswer): Uint8Array {
  return encodeFields([VERSION, answer.kind, answer.kind === 'refused' ? answer.code : '']);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeMoveAnswer(bytes: Uint8Array): MoveAnswer {
  return decodeFields(bytes, 'answer to a move', (reader) => {
    reader.version(VERSION);
    const kind = reader.oneOf(['held', 'refused'] as const);
    const code = reader.text(MAX_CODE);
    return kind === 'held' ? { kind } : { kind, code };
  });
}
