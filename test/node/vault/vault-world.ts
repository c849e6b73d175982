// A vault service over a disk that can forget, with a user's devices as its clients: the client's own code, without HTTP between.
import { VaultService } from '../../../node/vault/vault-service.ts';
import { VaultStore } from '../../../node/vault/vault-store.ts';
import { SealedVault } from '../../../src/client/vault/sealed-vault.ts';
import { Vault } from '../../../src/client/vault/vault.ts';
import type { VaultServer } from '../../../src/client/vault/vault-server.ts';
import { generateHpkeKey, type HpkeKey } from '../../../src/crypto/hpke.ts';
import { signingKeyOfSeed } from '../../../src/crypto/identity.ts';
import { deviceTarget, openWithDevice } from '../../../src/crypto/vault/wraps.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { codeOf, PeerError } from '../../../src/realm/errors.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';

export const USER = parseUserId('00000000-0000-4000-8000-000000000001');
export const identity = signingKeyOfSeed(new Uint8Array(32).fill(7));

export interface World {
  readonly service: VaultService;
  readonly store: VaultStore;
}

export async function openService(disk: ForgetfulDisk = new ForgetfulDisk()): Promise<World> {
  const database = await createDatabase(disk.openEngine());
  const store = new VaultStore(database);
  return { store, service: new VaultService({ store, identityOf: () => identity.publicKey }) };
}

export function serverOf(service: VaultService): VaultServer {
  return {
    state: async () => {
      try {
        return await service.state(USER);
      } catch (error) {
        if (codeOf(error) === 'vault-none') return undefined;
        throw error;
      }
    },
    line: (after) => service.line(USER, after),
    records: (generation, after) => service.records(USER, generation, after),
    change: ({ head, wraps, records = [], stage, steps }) =>
      service.change(USER, { head, wraps, records, stage, steps }),
    stage: (stage, first, records) => service.stage(USER, stage, first, records),
  };
}

export interface OwnDevice {
  readonly id: string;
  readonly key: HpkeKey;
}

export async function newDevice(id: string): Promise<OwnDevice> {
  return { id, key: await generateHpkeKey(false) };
}

function sealedOf(service: VaultService, { id, key }: OwnDevice): SealedVault {
  const sealed = new SealedVault({
    user: USER,
    identityKey: identity.publicKey,
    server: serverOf(service),
    clock: systemClock,
    random: systemRandom,
    known: undefined,
    opener: (wraps) => {
      const mine = wraps.find((wrap) => wrap.id === id);
      if (!mine) throw new PeerError('vault-locked', 'no wrap for this device');
      return openWithDevice(USER, mine, key);
    },
  });
  sealed.useIdentity(identity);
  return sealed;
}

function vaultOf(service: VaultService, sealed: SealedVault): Vault {
  const memory = { save: async () => {} };
  return new Vault({ sealed, server: serverOf(service), memory, clock: systemClock, random: systemRandom });
}

/** The vault comes into being, unlocked by these devices. */
export async function begin({ service, store }: World, devices: readonly OwnDevice[]): Promise<void> {
  const [first] = devices;
  if (!first) throw new Error('a vault has a device');
  const targets = devices.map(({ id, key }) => deviceTarget(id, key.publicKey));
  const entry = { kind: 'identity', key: 'seed', value: identity.seed, time: 1 };
  const { change } = await sealedOf(service, first).begin(targets, [entry]);
  const { head, wraps, records = [] } = change;
  await service.begin(USER, { head, wraps, records }, identity.publicKey, (writes) => store.commit(writes));
}

export async function openVault({ service }: World, device: OwnDevice): Promise<Vault> {
  const vault = vaultOf(service, sealedOf(service, device));
  await vault.refresh();
  return vault;
}
