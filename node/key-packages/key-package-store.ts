// The store of key packages: what each device of this realm's users has put here to be added to groups by, and the last-resort ones
// of other realms of the house.
//
//   ('kp', 'one', user, device, n)     -> package, to be given out once
//   ('kp', 'last', user, device)       -> [n, package]: when there is no other; given out again and again
//   ('kp', 'log', n)                   -> [user, device]: last-resort packages in the order of their changes; one without a package
//                                         is gone
//   ('kp', 'head')                     -> [n]: the newest number
//   ('kp', 'incarnation')              -> [n]: of the node that gives them out; absent: the first
//   ('kp', 'far', realm, user, device) -> package: the last resort of somebody of another realm
//   ('kp', 'seen', realm)              -> [n]: up to where that realm's changes are here
import { readId } from '../../src/crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import { MAX_DEVICES, MAX_KEY_PACKAGE } from '../../src/protocols/key-packages/index.ts';
import { type DeviceId, idBytes, idText, parseDeviceId, parseUserId, type UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { between, type KeyPart, key, parseKey, under } from '../../src/store/keys.ts';

export interface LastResort {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly n: number;
  readonly keyPackage: Uint8Array;
}

const put = (at: Uint8Array, value: Uint8Array): Write => ({ type: 'put', key: at, value });
const del = (at: Uint8Array): Write => ({ type: 'del', key: at });
const idOf = (part: KeyPart | undefined): string => idText(part instanceof Uint8Array ? part : new Uint8Array());
const numberOf = (value: Uint8Array): number => new Fields(decodeStrict(value, 64), 'number', 1).uint();

export const oneTimeWrite = (user: UserId, device: DeviceId, n: number, keyPackage: Uint8Array): Write =>
  put(key('kp', 'one', idBytes(user), idBytes(device), n), keyPackage);

export const oneTimeRemoval = (user: UserId, device: DeviceId, n: number): Write =>
  del(key('kp', 'one', idBytes(user), idBytes(device), n));

/** An empty package says that it is gone: the log alone tells that, so that what is gone takes no place of what is there. */
export const lastResortWrites = ({ user, device, n, keyPackage }: LastResort, before: number | undefined): Write[] => {
  const at = key('kp', 'last', idBytes(user), idBytes(device));
  return [
    keyPackage.length > 0 ? put(at, encodeItem([n, keyPackage])) : del(at),
    put(key('kp', 'log', n), encodeItem([idBytes(user), idBytes(device)])),
    ...(before === undefined ? [] : [del(key('kp', 'log', before))]),
  ];
};

export const incarnationWrite = (n: number): Write => put(key('kp', 'incarnation'), encodeItem([n]));

export const headWrite = (n: number): Write => put(key('kp', 'head'), encodeItem([n]));

export const farWrite = (
  realm: RealmName,
  { user, device, keyPackage }: { readonly user: UserId; readonly device: DeviceId; readonly keyPackage: Uint8Array },
): Write => {
  const at = key('kp', 'far', realm, idBytes(user), idBytes(device));
  return keyPackage.length > 0 ? put(at, keyPackage) : del(at);
};

export const seenWrite = (realm: RealmName, n: number): Write => put(key('kp', 'seen', realm), encodeItem([n]));

export class KeyPackageStore {
  readonly #database: Pick<Database, 'get' | 'iterate'>;

  constructor(database: Pick<Database, 'get' | 'iterate'>) {
    this.#database = database;
  }

  async head(): Promise<number> {
    const value = await this.#database.get(key('kp', 'head'));
    return value ? numberOf(value) : 0;
  }

  async incarnation(): Promise<number> {
    const value = await this.#database.get(key('kp', 'incarnation'));
    return value ? numberOf(value) : 1;
  }

  /** Removals of one-time packages of everybody. */
  async someOneTime(limit: number): Promise<Write[]> {
    const found: Write[] = [];
    for await (const [at] of this.#database.iterate({ ...under('kp', 'one'), limit })) found.push(del(at));
    return found;
  }

  async seen(realm: RealmName): Promise<number> {
    const value = await this.#database.get(key('kp', 'seen', realm));
    return value ? numberOf(value) : 0;
  }

  /** The oldest first. */
  async oneTime(user: UserId, device: DeviceId, limit: number): Promise<{ n: number; keyPackage: Uint8Array }[]> {
    const found: { n: number; keyPackage: Uint8Array }[] = [];
    const range = { ...under('kp', 'one', idBytes(user), idBytes(device)), limit };
    for await (const [at, keyPackage] of this.#database.iterate(range)) {
      found.push({ n: Number(parseKey(at)[4]), keyPackage });
    }
    return found;
  }

  async lastResorts(user: UserId): Promise<LastResort[]> {
    const found: LastResort[] = [];
    for await (const [at, value] of this.#database.iterate({
      ...under('kp', 'last', idBytes(user)),
      limit: MAX_DEVICES,
    })) {
      found.push(readLast(user, parseDeviceId(idOf(parseKey(at)[3])), value));
    }
    return found;
  }

  async lastResort(user: UserId, device: DeviceId): Promise<LastResort | undefined> {
    const value = await this.#database.get(key('kp', 'last', idBytes(user), idBytes(device)));
    return value && readLast(user, device, value);
  }

  /** In the order of their numbers. */
  async changes(after: number, limit: number): Promise<LastResort[]> {
    const found: LastResort[] = [];
    for await (const [at, value] of this.#database.iterate({ ...between(['kp', 'log'], after + 1), limit })) {
      const fields = new Fields(decodeStrict(value, 64), 'changed package', 2);
      const [user, device] = [readId(fields, parseUserId), readId(fields, parseDeviceId)];
      const gone = { user, device, n: Number(parseKey(at)[2]), keyPackage: new Uint8Array() };
      found.push((await this.lastResort(user, device)) ?? gone);
    }
    return found;
  }

  async far(realm: RealmName, user: UserId): Promise<{ device: DeviceId; keyPackage: Uint8Array }[]> {
    const found: { device: DeviceId; keyPackage: Uint8Array }[] = [];
    const range = { ...under('kp', 'far', realm, idBytes(user)), limit: MAX_DEVICES };
    for await (const [at, keyPackage] of this.#database.iterate(range)) {
      found.push({ device: parseDeviceId(idOf(parseKey(at)[4])), keyPackage });
    }
    return found;
  }
}

function readLast(user: UserId, device: DeviceId, value: Uint8Array): LastResort {
  const fields = new Fields(decodeStrict(value, MAX_KEY_PACKAGE + 64), 'last-resort package', 2);
  return { user, device, n: fields.uint(), keyPackage: fields.bytes(MAX_KEY_PACKAGE) };
}
