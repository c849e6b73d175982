// A profile record: what people see of a user. It lies outside the ledger so that it can be erased; the directory chain holds only
// two hashes, salted with the 16 random bytes in the record.
//
//   record       [version 1, user id, login, name, salt, photo or null, department or null]    photo as in src/realm/photo.ts
//   profile hash SHA-256("canopy/profile/1" 00, record)
//   login hash   SHA-256("canopy/login/1" 00, salt, login)
import { InputError } from '../../realm/errors.ts';
import { idBytes, idText, parseUserId, type UserId } from '../../realm/ids.ts';
import { MAX_PHOTO, parsePhoto } from '../../realm/photo.ts';
import { type Login, parseLogin } from '../../realm/user-address.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { sha256 } from '../ledger/entry.ts';

export interface ProfileRecord {
  readonly id: UserId;
  readonly login: Login;
  readonly name: string;
  readonly salt: Uint8Array;
  readonly photo?: Uint8Array | undefined;
  /** Where somebody works, as an administrator has put it. */
  readonly department?: string | undefined;
}

const VERSION = 1;
const UUID = 16;
const MAX_LOGIN = 64;
const MAX_NAME = 100;
export const MAX_DEPARTMENT = 100;
export const SALT = 16;
/** 100 characters are at most 300 bytes, of the name and of the department. */
export const MAX_RECORD = 1024 + MAX_PHOTO;

const PROFILE_LABEL = new TextEncoder().encode('canopy/profile/1\0');
const LOGIN_LABEL = new TextEncoder().encode('canopy/login/1\0');

/** Control characters, line breaks, and what turns the direction of the text after it, so that one name could look like another. */
const MISLEADING = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** What a user is called, own or foreign; any script, shown as text. @throws InputError `bad-name` */
export function parseName(name: string): string {
  if (isPlain(name, MAX_NAME)) return name;
  throw new InputError('bad-name', `"${name.slice(0, MAX_NAME)}" can't be a name`, {
    hint: `Use 1 to ${MAX_NAME} characters without line breaks or marks that turn the direction of text.`,
  });
}

/** Where somebody works, by the same rules as a name. @throws InputError `bad-department` */
export function parseDepartment(department: string): string {
  if (isPlain(department, MAX_DEPARTMENT)) return department;
  throw new InputError('bad-department', `"${department.slice(0, MAX_DEPARTMENT)}" can't be a department`, {
    hint: `Use 1 to ${MAX_DEPARTMENT} characters without line breaks or marks that turn the direction of text.`,
  });
}

function isPlain(text: string, most: number): boolean {
  return text.length > 0 && text.length <= most && text.isWellFormed() && !MISLEADING.test(text);
}

export function encodeProfile({ id, login, name, salt, photo, department }: ProfileRecord): Uint8Array {
  return encodeFields([VERSION, idBytes(id), login, name, salt, photo ?? null, department ?? null]);
}

/** @throws InputError `malformed`, `unknown-version`, `bad-id`, `bad-login`, `bad-name`, `bad-photo`, `bad-department` */
export function decodeProfile(bytes: Uint8Array): ProfileRecord {
  return decodeFields(bytes, 'profile record', (reader) => {
    reader.version(VERSION);
    const record = {
      id: parseUserId(idText(reader.bytes(UUID, UUID))),
      login: parseLogin(reader.text(MAX_LOGIN)),
      name: parseName(reader.text(MAX_NAME)),
      salt: reader.bytes(SALT, SALT),
    };
    const photo = reader.optional((field) => parsePhoto(field.bytes(MAX_PHOTO)));
    const department = reader.optional((field) => parseDepartment(field.text(MAX_DEPARTMENT)));
    return { ...record, ...(photo && { photo }), ...(department !== undefined && { department }) };
  });
}

export function profileHash(record: Uint8Array): Uint8Array {
  return sha256(PROFILE_LABEL, record);
}

export function loginHash(login: Login, salt: Uint8Array): Uint8Array {
  return sha256(LOGIN_LABEL, salt, new TextEncoder().encode(login));
}
