// Frames of `/canopy/forward/1`; index.ts says what they mean.
import * as v from 'valibot';
import { writeCbor } from '../../realm/cbor.ts';
import type { RealmName } from '../../realm/names.ts';
import { PATH_KINDS } from '../../realm/path-kinds.ts';
import { type PipeWord, packWord, pipeField, unpackWord } from '../pipe/index.ts';
import type { Hop } from '../seam.ts';
import { codeField, countField, decodeFrame, peerIdField, realmField, roleField } from '../wire.ts';
import { type ForwardHeader, type ForwardReply, MAX_HOPS } from './index.ts';

const VERSION = 1;

export const classField = v.picklist(['interactive', 'bulk']);
export const pathField = v.picklist(PATH_KINDS);
const hops = v.pipe(v.array(v.strictTuple([realmField, roleField, countField, peerIdField])), v.maxLength(MAX_HOPS));
const via = v.nullable(realmField);

const header = v.strictTuple([
  v.literal(VERSION),
  classField,
  realmField,
  realmField,
  v.pipe(hops, v.minLength(1)),
  v.nullable(pathField),
  via,
  pipeField,
]);
const reply = v.union([
  v.strictTuple([v.literal(VERSION), v.literal('ok'), hops, pathField, via, pipeField]),
  v.strictTuple([v.literal(VERSION), v.literal('refused'), codeField]),
]);

export function encodeHeader(value: ForwardHeader): Uint8Array {
  const { origin, destination, kind = null } = value;
  const way = [kind, value.via ?? null, packWord(value.pipe)];
  return writeCbor([VERSION, value.class, origin, destination, value.hops.map(packHop), ...way]);
}

/** @throws PeerError `bad-frame` */
export function decodeHeader(bytes: Uint8Array): ForwardHeader {
  const [, klass, origin, destination, packed, kind, carrier, pipe] = decodeFrame(header, bytes, 'forward header');
  const path = { ...(kind === null ? {} : { kind }), ...viaAndPipe(carrier, unpackWord(pipe)) };
  return { class: klass, origin, destination, hops: packed.map(unpackHop), ...path };
}

export function encodeReply(value: ForwardReply): Uint8Array {
  if (value.kind === 'refused') return writeCbor([VERSION, 'refused', value.code]);
  return writeCbor([VERSION, 'ok', value.hops.map(packHop), value.path, value.via ?? null, packWord(value.pipe)]);
}

/** @throws PeerError `bad-frame` */
export function decodeReply(bytes: Uint8Array): ForwardReply {
  const fields = decodeFrame(reply, bytes, 'forward reply');
  if (fields[1] === 'refused') return { kind: 'refused', code: fields[2] };
  const [, kind, packed, path, carrier, pipe] = fields;
  return { kind, hops: packed.map(unpackHop), path, ...viaAndPipe(carrier, unpackWord(pipe)) };
}

function viaAndPipe(carrier: RealmName | null, pipe: PipeWord | undefined): { via?: RealmName; pipe?: PipeWord } {
  return { ...(carrier === null ? {} : { via: carrier }), ...(pipe ? { pipe } : {}) };
}

type PackedHop = [Hop['realm'], Hop['role'], number, string];

const packHop = ({ realm, role, pid, peerId }: Hop): PackedHop => [realm, role, pid, peerId];
const unpackHop = ([realm, role, pid, peerId]: PackedHop): Hop => ({ realm, role, pid, peerId });
