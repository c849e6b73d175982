// One record of the audit log as bytes: [version 1, n, time, hash of the record before, code, actor or null, [[name, value], ...]].
import { createHash } from 'node:crypto';
import { decodeFields, encodeFields, type FieldReader } from '../../src/store/positional.ts';
import type { AuditEvent, AuditRecord, AuditValue } from './audit.ts';

export interface ChainedRecord {
  readonly record: AuditRecord;
  readonly previous: Uint8Array;
}

const VERSION = 1;
const HASH = 32;
const MAX_CODE = 64;
const MAX_TEXT = 256;
const MAX_FIELDS = 16;

/** What the first record has for the hash of the one before. */
export const NO_HASH: Uint8Array = new Uint8Array(HASH);

export function hashOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function cut(text: string, most: number): string {
  return text.toWellFormed().slice(0, most).toWellFormed();
}

function bounded(value: AuditValue): AuditValue {
  if (typeof value === 'string') return cut(value, MAX_TEXT);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** Bounds an event: what it says may come from a stranger, and must neither grow the log nor fail to be recorded. */
export function recordOf(event: AuditEvent, n: number, time: number): AuditRecord {
  const fields = Object.entries(event.fields ?? {}).slice(0, MAX_FIELDS);
  return {
    n,
    time,
    code: cut(event.code, MAX_CODE),
    ...(event.actor === undefined ? {} : { actor: cut(event.actor, MAX_TEXT) }),
    fields: Object.fromEntries(fields.map(([name, value]) => [cut(name, MAX_CODE), bounded(value)])),
  };
}

export function encodeRecord({ record, previous }: ChainedRecord): Uint8Array {
  const { n, time, code, actor, fields } = record;
  return encodeFields([VERSION, n, time, previous, code, actor ?? null, Object.entries(fields ?? {})]);
}

function readField(item: FieldReader): [string, AuditValue] {
  const pair = item.nested();
  const field: [string, AuditValue] = [pair.text(MAX_CODE), pair.scalar(MAX_TEXT)];
  pair.end();
  return field;
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeRecord(bytes: Uint8Array): ChainedRecord {
  return decodeFields(bytes, 'audit record', (reader) => {
    reader.version(VERSION);
    const n = reader.number();
    const time = reader.number();
    const previous = reader.bytes(HASH, HASH);
    const code = reader.text(MAX_CODE);
    const actor = reader.optional((field) => field.text(MAX_TEXT));
    const fields = Object.fromEntries(reader.list(MAX_FIELDS, readField));
    return { previous, record: { n, time, code, ...(actor === undefined ? {} : { actor }), fields } };
  });
}
