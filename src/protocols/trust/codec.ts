// The forms of terms, agreements and removals; index.ts says what they mean.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import type { TrustDirection } from '../../overlay/charter.ts';
import { InputError } from '../../realm/errors.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { type Login, parseLogin } from '../../realm/user-address.ts';
import { decodeFields, encodeFields, type Field, type FieldReader } from '../../store/positional.ts';
import {
  type Agreement,
  MAX_AGREEMENT,
  MAX_LIFETIME,
  MAX_PEOPLE,
  type Removal,
  type Terms,
  type TrustId,
  type TrustSignature,
} from './index.ts';

const VERSION = 1;
const ID = 16;
const SIGNATURE = 64;
const MAX_NAME = 253;
const MAX_LOGIN = 64;
/** Two of them and the terms must fit into an agreement. */
const MAX_CHAIN = 7 * 1024;
const DIRECTIONS = ['both', 'outward', 'inward'] as const satisfies readonly TrustDirection[];

export function encodeTerms(terms: Terms): Uint8Array {
  const { id, proposer, accepter, direction, from, until, proposerPeople, accepterPeople, presence } = terms;
  const people: Field[] = [proposerPeople, accepterPeople];
  return encodeFields([VERSION, idBytes(id), proposer, accepter, direction, from, until, ...people, presence]);
}

/** @throws InputError `malformed`, `unknown-version`, as all of these */
export function decodeTerms(bytes: Uint8Array): Terms {
  const terms = decodeFields(bytes, 'trust', (reader) => {
    reader.version(VERSION);
    return {
      id: idOf(reader),
      proposer: realmOf(reader),
      accepter: realmOf(reader),
      direction: reader.oneOf(DIRECTIONS),
      from: reader.number(),
      until: reader.number(),
      proposerPeople: peopleOf(reader),
      accepterPeople: peopleOf(reader),
      presence: reader.boolean(),
    };
  });
  const lifetime = terms.until - terms.from;
  if (lifetime <= 0 || lifetime > MAX_LIFETIME) throw new InputError('malformed', 'A trust that never is, or too long');
  if (terms.proposer === terms.accepter) throw new InputError('malformed', 'A trust of a realm with itself');
  return terms;
}

export function encodeAgreement({ terms, proposed, accepted }: Agreement): Uint8Array {
  return encodeFields([VERSION, encodeTerms(terms), fieldsOf(proposed), accepted ? fieldsOf(accepted) : null]);
}

export function decodeAgreement(bytes: Uint8Array): Agreement {
  if (bytes.length > MAX_AGREEMENT) throw new InputError('malformed', `An agreement of ${bytes.length} bytes`);
  return decodeFields(bytes, 'trust agreement', (reader) => {
    reader.version(VERSION);
    const terms = decodeTerms(reader.bytes(MAX_AGREEMENT));
    const proposed = signatureOf(reader);
    const accepted = reader.optional(signatureOf);
    return { terms, proposed, ...(accepted ? { accepted } : {}) };
  });
}

export function encodeRemoval({ id, realm, time }: Removal): Uint8Array {
  return encodeFields([VERSION, idBytes(id), realm, time]);
}

export function decodeRemoval(bytes: Uint8Array): Removal {
  return decodeFields(bytes, 'removal of a trust', (reader) => {
    reader.version(VERSION);
    return { id: idOf(reader), realm: realmOf(reader), time: reader.number() };
  });
}

/** The body of the errands that decline and remove. */
export function encodeTrustId(id: TrustId): Uint8Array {
  return encodeFields([VERSION, idBytes(id)]);
}

export function decodeTrustId(bytes: Uint8Array): TrustId {
  return decodeFields(bytes, 'id of a trust', (reader) => {
    reader.version(VERSION);
    return idOf(reader);
  });
}

export const trustIdOf = (bytes: Uint8Array): TrustId => toString(bytes, 'hex');

const idBytes = (id: TrustId): Uint8Array => fromString(id, 'hex');

function idOf(reader: FieldReader): TrustId {
  return trustIdOf(reader.bytes(ID, ID));
}

function realmOf(reader: FieldReader): RealmName {
  return parseRealmName(reader.text(MAX_NAME));
}

/** In order and each once, so that one set of people has one form. */
function peopleOf(reader: FieldReader): Login[] {
  const people = reader.list(MAX_PEOPLE, (item) => parseLogin(item.text(MAX_LOGIN)));
  const isOrdered = people.every((login, at) => at === 0 || (people[at - 1] ?? '') < login);
  if (!isOrdered) throw new InputError('malformed', 'The people of a trust are not in order');
  return people;
}

const fieldsOf = ({ time, chain, signature }: TrustSignature): Field => [time, chain, signature];

function signatureOf(reader: FieldReader): TrustSignature {
  const fields = reader.nested();
  const found = {
    time: fields.number(),
    chain: fields.bytes(MAX_CHAIN),
    signature: fields.bytes(SIGNATURE, SIGNATURE),
  };
  fields.end();
  return found;
}
