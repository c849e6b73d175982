// Device keys in a browser's IndexedDB. The X25519 private key is a CryptoKey that gives nothing away, to no script and to nobody who
// copies the profile's files as text; the seed of the signature key is sealed by another such CryptoKey.
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { WebKey } from '../../crypto/hpke.ts';
import { signingKeyOfSeed } from '../../crypto/identity.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import type { RandomBytes } from '../../realm/random.ts';
import type { DeviceKeeping } from './device-keeping.ts';

interface Row {
  readonly device: DeviceId;
  readonly wrapping: WebKey;
  readonly nonce: Uint8Array;
  readonly seed: Uint8Array;
  readonly hpkePublic: Uint8Array;
  readonly hpke: { readonly privateKey: WebKey; readonly publicKey: WebKey };
  readonly certificate: Uint8Array;
}

interface Schema extends DBSchema {
  readonly devices: { readonly key: UserId; readonly value: Row };
}

const VERSION = 1;
const NONCE = 12;
const AES = 'AES-GCM';

/** @param name of the database; one for each server */
export function browserDeviceKeys(name: string, random: RandomBytes): DeviceKeeping {
  let opened: Promise<IDBPDatabase<Schema>> | undefined;
  const open = (): Promise<IDBPDatabase<Schema>> => {
    opened ??= openDB<Schema>(name, VERSION, { upgrade: (database) => void database.createObjectStore('devices') });
    return opened;
  };
  return {
    extractable: false,
    load: async (user) => {
      const row = await (await open()).get('devices', user);
      if (!row) return undefined;
      const iv = new Uint8Array(row.nonce);
      const seed = await crypto.subtle.decrypt({ name: AES, iv }, row.wrapping, new Uint8Array(row.seed));
      const signature = signingKeyOfSeed(new Uint8Array(seed));
      const keys = { signature, hpke: { publicKey: row.hpkePublic, pair: row.hpke } };
      return { device: row.device, keys, certificate: row.certificate };
    },
    save: async (user, { device, keys, certificate }) => {
      const wrapping = await crypto.subtle.generateKey({ name: AES, length: 256 }, false, ['encrypt', 'decrypt']);
      const nonce = random(NONCE);
      const plain = new Uint8Array(keys.signature.seed);
      const seed = new Uint8Array(await crypto.subtle.encrypt({ name: AES, iv: nonce }, wrapping, plain));
      const { pair, publicKey: hpkePublic } = keys.hpke;
      const row = { device, wrapping, nonce, seed, hpkePublic, hpke: pair, certificate };
      await (await open()).put('devices', row, user);
    },
    erase: async (user) => (await open()).delete('devices', user),
  };
}
