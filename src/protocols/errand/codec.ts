// The frames of `/canopy/errand/1` and what is signed in them; index.ts says what they mean.
import { createHash } from 'node:crypto';
import { concat } from 'uint8arrays/concat';
import { CanopyError, PeerError } from '../../realm/errors.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../store/positional.ts';
import {
  type Answer,
  type Errand,
  MAX_BODY,
  MAX_BUDGET,
  MAX_FRAME,
  type Reply,
  type Request,
  type Signed,
} from './index.ts';

const VERSION = 1;
const ID = 16;
const DIGEST = 32;
const SIGNATURE = 64;
const MAX_NAME = 253;
const MAX_CODE = 64;
const MAX_CHAIN = 16 * 1024;
const WORD = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const ERRAND_LABEL = new TextEncoder().encode('canopy/errand/1\n');
const ANSWER_LABEL = new TextEncoder().encode('canopy/errand-answer/1\n');

/** What the origin signs. */
export const errandStatement = (bytes: Uint8Array): Uint8Array => concat([ERRAND_LABEL, bytes]);
/** What the destination signs. */
export const answerStatement = (bytes: Uint8Array): Uint8Array => concat([ANSWER_LABEL, bytes]);

export function digestOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

export function encodeErrand(errand: Errand): Uint8Array {
  const { id, origin, destination, kind, issued, body, chain } = errand;
  return encodeFields([VERSION, id, origin, destination, kind, issued, body, chain]);
}

/** @throws PeerError `malformed`, `unknown-version` */
export function decodeErrand(bytes: Uint8Array): Errand {
  return decode(bytes, 'errand', (reader) => ({
    id: reader.bytes(ID, ID),
    origin: realmOf(reader),
    destination: realmOf(reader),
    kind: wordOf(reader),
    issued: reader.number(),
    body: reader.bytes(MAX_BODY),
    chain: reader.bytes(MAX_CHAIN),
  }));
}

export function encodeAnswer({ digest, code, body, chain }: Answer): Uint8Array {
  return encodeFields([VERSION, digest, code === undefined ? 'ok' : 'refused', code ?? null, body, chain]);
}

/** @throws PeerError `malformed`, `unknown-version` */
export function decodeAnswer(bytes: Uint8Array): Answer {
  return decode(bytes, 'errand answer', (reader) => {
    const digest = reader.bytes(DIGEST, DIGEST);
    const state = reader.oneOf(['ok', 'refused']);
    const code = reader.optional(wordOf);
    if ((state === 'refused') !== (code !== undefined)) {
      throw new PeerError('malformed', 'An errand answer has a code if and only if it refuses');
    }
    return {
      digest,
      ...(code === undefined ? {} : { code }),
      body: reader.bytes(MAX_BODY),
      chain: reader.bytes(MAX_CHAIN),
    };
  });
}

export function encodeRequest({ budget, errand }: Request): Uint8Array {
  return encodeFields([VERSION, budget, errand.bytes, errand.signature]);
}

/** @throws PeerError `malformed`, `unknown-version` */
export function decodeRequest(bytes: Uint8Array): Request {
  return decode(bytes, 'errand request', (reader) => ({ budget: reader.number(MAX_BUDGET), errand: signedOf(reader) }));
}

export function encodeReply(reply: Reply): Uint8Array {
  if (reply.kind === 'stopped') return encodeFields([VERSION, 'stopped', reply.code, reply.realm]);
  return encodeFields([VERSION, 'answer', reply.answer.bytes, reply.answer.signature]);
}

/** @throws PeerError `malformed`, `unknown-version` */
export function decodeReply(bytes: Uint8Array): Reply {
  return decode<Reply>(bytes, 'errand reply', (reader) => {
    const kind = reader.oneOf(['answer', 'stopped']);
    if (kind === 'answer') return { kind, answer: signedOf(reader) };
    return { kind, code: wordOf(reader), realm: realmOf(reader) };
  });
}

function signedOf(reader: FieldReader): Signed {
  return { bytes: reader.bytes(MAX_FRAME), signature: reader.bytes(SIGNATURE, SIGNATURE) };
}

function realmOf(reader: FieldReader): RealmName {
  return parseRealmName(reader.text(MAX_NAME));
}

function wordOf(reader: FieldReader): string {
  const word = reader.text(MAX_CODE);
  if (!WORD.test(word))
    throw new PeerError('malformed', 'A word of an errand is not lower-case words joined by hyphens');
  return word;
}

function decode<T>(bytes: Uint8Array, what: string, read: (reader: FieldReader) => T): T {
  try {
    return decodeFields(bytes, what, (reader) => {
      reader.version(VERSION);
      return read(reader);
    });
  } catch (cause) {
    const code = cause instanceof CanopyError && cause.code === 'unknown-version' ? cause.code : 'malformed';
    throw new PeerError(code, `A frame is not a right ${what}`, { cause });
  }
}
