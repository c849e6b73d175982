// What unlocks a vault: the password of a login, the recovery key, or the keys of a device that it is wrapped for.
import { readDeviceCertificate } from '../../crypto/device-certificate.ts';
import { decodeWraps, openWithDevice, openWithSecret, type SecretKind } from '../../crypto/vault/wraps.ts';
import { PeerError, RefusedError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { Opener } from '../vault/sealed-vault.ts';
import type { VaultState } from '../vault/vault-server.ts';
import type { KeptDevice } from './device-keeping.ts';

export interface Unlocked {
  /** The identity that the wrap was made for, or that certified the device. */
  readonly identityKey: Uint8Array;
  readonly opener: Opener;
}

/** Undefined when the vault is not unlocked by this secret. */
export async function bySecret(
  user: UserId,
  { wraps }: VaultState,
  kind: SecretKind,
  secret: Uint8Array,
): Promise<Unlocked | undefined> {
  const wrap = decodeWraps(wraps).find((one) => one.kind === kind);
  if (!wrap) return undefined;
  try {
    const { identityKey } = await openWithSecret(user, wrap, secret);
    const opener: Opener = async (all) => {
      const mine = all.find((one) => one.kind === kind);
      if (!mine) throw new PeerError('vault-locked', `the vault has no wrap for the ${kind} any more`);
      return (await openWithSecret(user, mine, secret)).vaultKey();
    };
    return { identityKey, opener };
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

export function byDevice(user: UserId, { device, keys, certificate }: KeptDevice): Unlocked {
  const opener: Opener = (wraps) => {
    const mine = wraps.find((one) => one.kind === 'device' && one.id === device);
    if (!mine) throw new PeerError('vault-locked', 'the vault is no longer unlocked by this device');
    return openWithDevice(user, mine, keys.hpke);
  };
  return { identityKey: readDeviceCertificate(certificate).identityKey, opener };
}
