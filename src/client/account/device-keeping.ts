// Where a device keeps its keys: the one that a person's session on this device signs and opens with. A browser passes a keeper
// whose X25519 key never leaves WebCrypto (browser-device-keys.ts); elsewhere they lie in the client's own storage, whose file only
// its owner reads.
import { exportHpkeKey, importHpkeKey } from '../../crypto/hpke.ts';
import { type DeviceKeys, signingKeyOfSeed } from '../../crypto/identity.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import { parseDeviceId } from '../../realm/ids.ts';
import type { ClientStorage } from '../platform.ts';
import { fromText, toText } from '../vault/vault-server.ts';

export interface KeptDevice {
  readonly device: DeviceId;
  readonly keys: DeviceKeys;
  /** The newest of this device. */
  readonly certificate: Uint8Array;
}

export interface DeviceKeeping {
  /** Whether private keys can be read out of it again. */
  readonly extractable: boolean;
  load(user: UserId): Promise<KeptDevice | undefined>;
  save(user: UserId, kept: KeptDevice): Promise<void>;
  erase(user: UserId): Promise<void>;
}

export function storedDeviceKeys(storage: ClientStorage): DeviceKeeping {
  const keyOf = (user: UserId): string => `${user}/device-keys`;
  return {
    extractable: true,
    load: async (user) => {
      const [device, seed, hpke, pkcs8, certificate, ...rest] = (await storage.get(keyOf(user)))?.split('.') ?? [];
      if (!device || !seed || !hpke || !pkcs8 || !certificate || rest.length > 0) return undefined;
      const signature = signingKeyOfSeed(fromText(seed));
      const keys = { signature, hpke: await importHpkeKey(fromText(hpke), fromText(pkcs8)) };
      return { device: parseDeviceId(device), keys, certificate: fromText(certificate) };
    },
    save: async (user, { device, keys, certificate }) => {
      const parts = [keys.signature.seed, keys.hpke.publicKey, await exportHpkeKey(keys.hpke), certificate].map(toText);
      await storage.set(keyOf(user), [device, ...parts].join('.'));
    },
    erase: (user) => storage.delete(keyOf(user)),
  };
}
