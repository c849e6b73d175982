// Errands of this node: signed by its leaf, and those of others judged by their chains.
import type { Network } from '../src/overlay/seam.ts';
import { leafKeyOfSeed } from '../src/pki/keys.ts';
import { createBatchSigner, createOriginKeys } from './delivery/batch-signing.ts';
import { ErrandService } from './errands/errand-service.ts';
import type { Ground } from './ground.ts';

const ID = 16;

export function openErrands(ground: Ground, network: Network): ErrandService {
  const { realm, identity, clock, log, isRevoked } = ground;
  return new ErrandService(realm.realm, {
    network,
    clock,
    log,
    signer: createBatchSigner({ key: leafKeyOfSeed(identity.privateKey), chain: () => identity.chain }),
    keys: createOriginKeys({ rootFingerprint: realm.rootFingerprint, clock, isRevoked }),
    newId: () => crypto.getRandomValues(new Uint8Array(ID)),
  });
}
