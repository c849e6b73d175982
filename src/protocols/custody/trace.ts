// "Where is this message?": the question that the origin of a message asks each realm on its way, by an errand of the kind
// `custody-trace`, and the answer. A realm answers the origin alone, and of its own part only.
//
//   query  = [1, destination, incarnation, n, message id, sender]
//   answer = [1]                                                      it never was here
//          | [1, at, passedAt, endedAt, next or '', code or '', since]
//
// At a custodian `at` is since when it was held, at the destination when it arrived; `passedAt` is when the next realm took it,
// `endedAt` when it left custody, `code` and `since` say why it does not go on. Times are milliseconds since 1970, 0 for never.
import { readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { PeerError } from '../../realm/errors.ts';
import { idBytes, type MessageId, parseMessageId, parseUserId, type UserId } from '../../realm/ids.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';

export const TRACE_ERRAND = 'custody-trace';

export interface TraceQuery {
  readonly destination: RealmName;
  readonly incarnation: number;
  readonly n: number;
  readonly id: MessageId;
  readonly sender: UserId;
}

export interface TraceAnswer {
  readonly at: number;
  readonly passedAt: number;
  readonly endedAt: number;
  readonly next?: RealmName;
  readonly code?: string;
  readonly since?: number;
}

const VERSION = 1;
const MAX_BYTES = 1024;
const MAX_NAME = 253;
const MAX_CODE = 64;
const ANSWER_FIELDS = 7;

export function encodeTraceQuery({ destination, incarnation, n, id, sender }: TraceQuery): Uint8Array {
  return encodeItem([VERSION, destination, incarnation, n, idBytes(id), idBytes(sender)]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, `version-unknown` */
export function decodeTraceQuery(bytes: Uint8Array): TraceQuery {
  const fields = begin(bytes, 'trace query');
  const destination = fields.parsed(MAX_NAME, parseRealmName);
  const [incarnation, n] = [fields.uint(), fields.uint()];
  const id = readId(fields, parseMessageId);
  return { destination, incarnation, n, id, sender: readId(fields, parseUserId) };
}

export function encodeTraceAnswer(answer: TraceAnswer | undefined): Uint8Array {
  if (!answer) return encodeItem([VERSION]);
  const { at, passedAt, endedAt, next = '', code = '', since = 0 } = answer;
  return encodeItem([VERSION, at, passedAt, endedAt, next, code, since]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, `version-unknown` */
export function decodeTraceAnswer(bytes: Uint8Array): TraceAnswer | undefined {
  const fields = begin(bytes, 'trace answer');
  if (fields.count === 1) return undefined;
  if (fields.count !== ANSWER_FIELDS) fields.fail(`the first of ${ANSWER_FIELDS}`);
  const times = { at: fields.uint(), passedAt: fields.uint(), endedAt: fields.uint() };
  const next = fields.text(MAX_NAME);
  const code = fields.text(MAX_CODE);
  const since = fields.uint();
  return { ...times, ...(next && { next: readName(next) }), ...(code && { code }), ...(since > 0 && { since }) };
}

function readName(text: string): RealmName {
  try {
    return parseRealmName(text);
  } catch (cause) {
    throw new PeerError('frame-malformed', 'a trace answer names a realm', { cause });
  }
}

function begin(bytes: Uint8Array, what: string): Fields {
  const fields = new Fields(decodeStrict(bytes, MAX_BYTES), what);
  const version = fields.uint();
  if (version !== VERSION) throw new PeerError('version-unknown', `a ${what} of version ${version}`);
  return fields;
}
