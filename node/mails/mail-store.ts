// The store of mails: opaque bytes for single devices, kept until the device has acknowledged them or they expire.
//
//   ('mail', 'box', user, device, at, id)      -> [sender, sender's device, expires, body]
//   ('mail', 'from', user, device, sender, id) -> [at, bytes]: what of one sender waits there
//   ('mail', 'expiry', ms, user, device, sender, id) -> []
import { MAX_LARGE_BODY, readId } from '../../src/crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import {
  type DeviceId,
  idBytes,
  idText,
  type MessageId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../src/realm/ids.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { between, type KeyPart, key, parseKey, under } from '../../src/store/keys.ts';

export interface Mailbox {
  readonly user: UserId;
  readonly device: DeviceId;
}

export interface Mail {
  readonly id: MessageId;
  readonly sender: UserId;
  readonly from: DeviceId;
  /** Milliseconds since 1970: when it came here. Unique in its mailbox. */
  readonly at: number;
  readonly expires: number;
  readonly body: Uint8Array;
}

/** What lies in a mailbox, without the bodies. */
export interface MailEntry {
  readonly sender: UserId;
  readonly id: MessageId;
  readonly at: number;
  readonly bytes: number;
}

/** Mailboxes of one user. */
export const MAX_DEVICES = 64;
const NOTHING = encodeItem([]);
const idOf = (part: KeyPart | undefined): string => idText(part instanceof Uint8Array ? part : new Uint8Array());
const box = ({ user, device }: Mailbox): Uint8Array[] => [idBytes(user), idBytes(device)];
const del = (at: Uint8Array): Write => ({ type: 'del', key: at });

export function mailWrites(to: Mailbox, { id, sender, from, at, expires, body }: Mail): Write[] {
  const [i, s] = [idBytes(id), idBytes(sender)];
  return [
    { type: 'put', key: key('mail', 'box', ...box(to), at, i), value: encodeItem([s, idBytes(from), expires, body]) },
    { type: 'put', key: key('mail', 'from', ...box(to), s, i), value: encodeItem([at, body.length]) },
    { type: 'put', key: key('mail', 'expiry', expires, ...box(to), s, i), value: NOTHING },
  ];
}

export function mailRemovals(to: Mailbox, { id, sender, at, expires }: Omit<Mail, 'body' | 'from'>): Write[] {
  const [i, s] = [idBytes(id), idBytes(sender)];
  return [
    del(key('mail', 'box', ...box(to), at, i)),
    del(key('mail', 'from', ...box(to), s, i)),
    del(key('mail', 'expiry', expires, ...box(to), s, i)),
  ];
}

export class MailStore {
  readonly #database: Pick<Database, 'get' | 'iterate'>;

  constructor(database: Pick<Database, 'get' | 'iterate'>) {
    this.#database = database;
  }

  /** The oldest first; no more once `bytes` are reached. */
  async list(from: Mailbox, limits: { readonly count: number; readonly bytes: number }): Promise<Mail[]> {
    const found: Mail[] = [];
    let bytes = 0;
    const range = { ...under('mail', 'box', ...box(from)), limit: limits.count };
    for await (const [at, value] of this.#database.iterate(range)) {
      if (bytes > 0 && bytes + value.length > limits.bytes) break;
      bytes += value.length;
      found.push(readMail(at, value));
    }
    return found;
  }

  async entries(of: Mailbox, limit: number): Promise<MailEntry[]> {
    const found: MailEntry[] = [];
    for await (const [at, value] of this.#database.iterate({ ...under('mail', 'from', ...box(of)), limit })) {
      const [sender, id] = parseKey(at).slice(4);
      const fields = new Fields(decodeStrict(value, 64), 'mail entry', 2);
      const who = { sender: parseUserId(idOf(sender)), id: parseMessageId(idOf(id)) };
      found.push({ ...who, at: fields.uint(), bytes: fields.uint() });
    }
    return found;
  }

  async get(of: Mailbox, at: number, id: MessageId): Promise<Mail | undefined> {
    const where = key('mail', 'box', ...box(of), at, idBytes(id));
    const value = await this.#database.get(where);
    return value && readMail(where, value);
  }

  async holds(of: Mailbox, { sender, id }: Pick<MailEntry, 'sender' | 'id'>): Promise<boolean> {
    const entry = await this.#database.get(key('mail', 'from', ...box(of), idBytes(sender), idBytes(id)));
    return entry !== undefined;
  }

  /** Devices of a user for whom something lies here. */
  async devices(user: UserId, most: number): Promise<DeviceId[]> {
    const found: DeviceId[] = [];
    const { gte, lt } = under('mail', 'from', idBytes(user));
    for (let from = gte; found.length < most; ) {
      const next = await this.#first(from, lt);
      if (!next) break;
      const device = parseDeviceId(idOf(parseKey(next)[3]));
      found.push(device);
      from = under('mail', 'from', idBytes(user), idBytes(device)).lt;
    }
    return found;
  }

  /** Whether something of that sender lies here for any device of the user. */
  async hasOf(user: UserId, sender: UserId): Promise<boolean> {
    for (const device of await this.devices(user, MAX_DEVICES)) {
      const { gte, lt } = under('mail', 'from', ...box({ user, device }), idBytes(sender));
      if (await this.#first(gte, lt)) return true;
    }
    return false;
  }

  async #first(gte: Uint8Array, lt: Uint8Array): Promise<Uint8Array | undefined> {
    for await (const [at] of this.#database.iterate({ gte, lt, limit: 1 })) return at;
    return undefined;
  }

  /** Removals of what has expired, at most `limit` mails. */
  async expired(now: number, limit: number): Promise<{ to: Mailbox; writes: Write[] }[]> {
    const found: { to: Mailbox; writes: Write[] }[] = [];
    for await (const [row] of this.#database.iterate({ ...between(['mail', 'expiry'], 0, now + 1), limit })) {
      const [expires, user, device, sender, id] = parseKey(row).slice(2);
      const to = { user: parseUserId(idOf(user)), device: parseDeviceId(idOf(device)) };
      const who = { sender: parseUserId(idOf(sender)), id: parseMessageId(idOf(id)) };
      const entry = await this.#database.get(key('mail', 'from', ...box(to), idBytes(who.sender), idBytes(who.id)));
      const at = entry ? new Fields(decodeStrict(entry, 64), 'mail entry', 2).uint() : 0;
      found.push({ to, writes: mailRemovals(to, { ...who, at, expires: Number(expires) }) });
    }
    return found;
  }
}

function readMail(row: Uint8Array, value: Uint8Array): Mail {
  const [at, id] = parseKey(row).slice(4);
  const fields = new Fields(decodeStrict(value, MAX_LARGE_BODY + 256), 'mail', 4);
  return {
    id: parseMessageId(idOf(id)),
    at: Number(at),
    sender: readId(fields, parseUserId),
    from: readId(fields, parseDeviceId),
    expires: fields.uint(),
    body: fields.bytes(MAX_LARGE_BODY),
  };
}
