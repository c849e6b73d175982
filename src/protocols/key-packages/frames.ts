// The frames of `/canopy/key-packages/1`; their forms stand in index.ts.
import { readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type DeviceId, idBytes, parseDeviceId, parseUserId, type UserId } from '../../realm/ids.ts';
import { MAX_CHANGES, MAX_DEVICES, MAX_KEY_PACKAGE, MAX_KEY_PACKAGES_FRAME } from './index.ts';

export type PackagesRequest =
  | { readonly kind: 'claim'; readonly user: UserId }
  | { readonly kind: 'changes'; readonly after: number };

export interface ClaimedPackage {
  readonly device: DeviceId;
  readonly keyPackage: Uint8Array;
  readonly isLastResort: boolean;
}

export interface ChangedPackage {
  readonly user: UserId;
  readonly device: DeviceId;
  /** Empty: it is gone. */
  readonly keyPackage: Uint8Array;
}

export type PackagesAnswer =
  | { readonly kind: 'packages'; readonly packages: readonly ClaimedPackage[] }
  | {
      readonly kind: 'changes';
      readonly changes: readonly ChangedPackage[];
      readonly upTo: number;
      readonly more: boolean;
    }
  | { readonly kind: 'refused'; readonly code: string };

const VERSION = 1;
const MAX_CODE = 64;

export function encodePackagesRequest(request: PackagesRequest): Uint8Array {
  return request.kind === 'claim'
    ? encodeItem([VERSION, 0, idBytes(request.user)])
    : encodeItem([VERSION, 1, request.after]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, as all of these */
export function decodePackagesRequest(bytes: Uint8Array): PackagesRequest {
  const { fields, kind } = begin(bytes, [3, 3]);
  return kind === 0 ? { kind: 'claim', user: readId(fields, parseUserId) } : { kind: 'changes', after: fields.uint() };
}

export function encodePackagesAnswer(answer: PackagesAnswer): Uint8Array {
  switch (answer.kind) {
    case 'packages':
      return encodeItem([
        VERSION,
        0,
        answer.packages.map(({ device, keyPackage, isLastResort }) => [idBytes(device), keyPackage, isLastResort]),
      ]);
    case 'changes': {
      const rows = answer.changes.map(({ user, device, keyPackage }) => [idBytes(user), idBytes(device), keyPackage]);
      return encodeItem([VERSION, 1, rows, answer.upTo, answer.more]);
    }
    case 'refused':
      return encodeItem([VERSION, 2, answer.code]);
  }
}

export function decodePackagesAnswer(bytes: Uint8Array): PackagesAnswer {
  const { fields, kind } = begin(bytes, [3, 5, 3]);
  if (kind === 0) return { kind: 'packages', packages: fields.list(MAX_DEVICES).map(readClaimed) };
  if (kind === 2) return { kind: 'refused', code: fields.text(MAX_CODE) };
  const changes = fields.list(MAX_CHANGES).map(readChanged);
  return { kind: 'changes', changes, upTo: fields.uint(), more: fields.flag() };
}

function readClaimed(item: unknown): ClaimedPackage {
  const fields = new Fields(item, 'claimed package', 3);
  const device = readId(fields, parseDeviceId);
  return { device, keyPackage: fields.bytes(MAX_KEY_PACKAGE), isLastResort: fields.flag() };
}

function readChanged(item: unknown): ChangedPackage {
  const fields = new Fields(item, 'changed package', 3);
  const [user, device] = [readId(fields, parseUserId), readId(fields, parseDeviceId)];
  return { user, device, keyPackage: fields.bytes(MAX_KEY_PACKAGE) };
}

function begin(bytes: Uint8Array, lengths: readonly number[]): { fields: Fields; kind: number } {
  const fields = new Fields(decodeStrict(bytes, MAX_KEY_PACKAGES_FRAME), 'frame of key packages');
  if (fields.uint() !== VERSION) fields.fail(`${VERSION}`);
  const kind = fields.uint(lengths.length - 1);
  if (fields.count !== lengths[kind]) fields.fail('the kind of a frame with as many fields');
  return { fields, kind };
}
