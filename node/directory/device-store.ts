// What the home node keeps of its users' devices beside their certificates: how their owners call them, when they were here last, and
// which must be wiped.
//
//   ('device', user id, device id)   [version 1, name]: given by the owner
//   ('seen', user id, device id)     [version 1, name, time]: as it called itself when it logged in, and when it was seen last. Written
//                                    with a login and with the end of its session; it outlives the session
//   ('wiped', SHA-256 of a token)    [version 1, user id, device id, time]: whoever shows this token is told to wipe itself
import { type DeviceId, idBytes, idText, parseDeviceId, parseUserId, type UserId } from '../../src/realm/ids.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';

export interface WipeMark {
  readonly user: UserId;
  readonly device: DeviceId;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface SeenDevice {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly lastSeen: number;
}

const VERSION = 1;
/** Of one user; the one that was away longest gives way. More than may be certified and signed in. */
export const MAX_SEEN = 200;
const UUID = 16;
const MAX_NAME = 100;

export class DeviceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Names by device. */
  async names(user: UserId): Promise<Map<DeviceId, string>> {
    const names = new Map<DeviceId, string>();
    for await (const [rowKey, bytes] of this.#database.iterate(under('device', user))) {
      names.set(parseDeviceId(String(parseKey(rowKey)[2])), decodeName(bytes));
    }
    return names;
  }

  putName(user: UserId, device: DeviceId, name: string): Write {
    const value = encodeFields([VERSION, name.toWellFormed().slice(0, MAX_NAME).toWellFormed()]);
    return { type: 'put', key: key('device', user, device), value };
  }

  /** Of a device that was signed out for good. */
  drop(user: UserId, device: DeviceId): Write[] {
    return (['device', 'seen'] as const).map((kind) => ({ type: 'del', key: key(kind, user, device) }));
  }

  async seen(user: UserId): Promise<Map<DeviceId, SeenDevice>> {
    const found = new Map<DeviceId, SeenDevice>();
    for await (const [rowKey, bytes] of this.#database.iterate(under('seen', user))) {
      found.set(parseDeviceId(String(parseKey(rowKey)[2])), decodeSeen(bytes));
    }
    return found;
  }

  putSeen(user: UserId, device: DeviceId, { name, lastSeen }: SeenDevice): Write {
    const value = encodeFields([VERSION, name.toWellFormed().slice(0, MAX_NAME).toWellFormed(), lastSeen]);
    return { type: 'put', key: key('seen', user, device), value };
  }

  /** A login: the row, and room for it. */
  async meet(user: UserId, device: DeviceId, now: SeenDevice): Promise<Write[]> {
    const others = [...(await this.seen(user))].filter(([id]) => id !== device);
    const eldest = others.toSorted(([, a], [, b]) => b.lastSeen - a.lastSeen).slice(MAX_SEEN - 1);
    return [
      ...eldest.map(([id]): Write => ({ type: 'del', key: key('seen', user, id) })),
      this.putSeen(user, device, now),
    ];
  }

  /** Of all users. */
  async everySeen(): Promise<{ readonly user: UserId; readonly device: DeviceId }[]> {
    const found: { user: UserId; device: DeviceId }[] = [];
    for await (const [rowKey] of this.#database.iterate(under('seen'))) {
      const [, user, device] = parseKey(rowKey);
      found.push({ user: parseUserId(String(user)), device: parseDeviceId(String(device)) });
    }
    return found;
  }

  putWipe(tokenHash: Uint8Array, mark: WipeMark): Write {
    return { type: 'put', key: key('wiped', tokenHash), value: encodeMark(mark) };
  }

  async wipes(): Promise<{ readonly hash: Uint8Array; readonly mark: WipeMark }[]> {
    const found: { hash: Uint8Array; mark: WipeMark }[] = [];
    for await (const [rowKey, bytes] of this.#database.iterate(under('wiped'))) {
      const hash = parseKey(rowKey)[1];
      if (hash instanceof Uint8Array) found.push({ hash, mark: decodeMark(bytes) });
    }
    return found;
  }

  dropWipe(tokenHash: Uint8Array): Write {
    return { type: 'del', key: key('wiped', tokenHash) };
  }

  /** All devices of a user who leaves. */
  async eraseAll(user: UserId): Promise<Write[]> {
    const writes: Write[] = [];
    for (const rows of [under('device', user), under('seen', user)]) {
      for await (const [rowKey] of this.#database.iterate(rows)) writes.push({ type: 'del', key: rowKey });
    }
    return writes;
  }

  commit(writes: readonly Write[]): Promise<void> {
    return this.#database.commit(writes);
  }
}

function decodeName(bytes: Uint8Array): string {
  return decodeFields(bytes, 'device name', (reader) => {
    reader.version(VERSION);
    return reader.text(MAX_NAME);
  });
}

function decodeSeen(bytes: Uint8Array): SeenDevice {
  return decodeFields(bytes, 'device seen', (reader) => {
    reader.version(VERSION);
    return { name: reader.text(MAX_NAME), lastSeen: reader.number() };
  });
}

export function encodeMark({ user, device, time }: WipeMark): Uint8Array {
  return encodeFields([VERSION, idBytes(user), idBytes(device), time]);
}

export function decodeMark(bytes: Uint8Array): WipeMark {
  return decodeFields(bytes, 'wipe mark', (reader) => {
    reader.version(VERSION);
    return {
      user: parseUserId(idText(reader.bytes(UUID, UUID))),
      device: parseDeviceId(idText(reader.bytes(UUID, UUID))),
      time: reader.number(),
    };
  });
}
