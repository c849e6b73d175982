// Nodes of a tree of realms with real certificates over the simulated network: ua, acme.ua and beta.ua, and their branches.
import { createBatchSigner, createOriginKeys } from '../../../node/delivery/batch-signing.ts';
import { ErrandService } from '../../../node/errands/errand-service.ts';
import type { Identity } from '../../../src/overlay/identity.ts';
import { leafKeyOfSeed } from '../../../src/pki/keys.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { Realms } from '../../overlay/realms.ts';
import { HandClock } from '../hand-clock.ts';
import { SimulatedNetwork, type SimulatedNode } from '../simulated-network.ts';

export const UA = parseRealmName('ua');
export const ACME = parseRealmName('acme.ua');
export const BETA = parseRealmName('beta.ua');
export const KYIV = parseRealmName('kyiv.acme.ua');
export const LVIV = parseRealmName('lviv.acme.ua');
export const ODESA = parseRealmName('odesa.beta.ua');

export interface TreeNode {
  readonly realm: RealmName;
  readonly identity: Identity;
  readonly errands: ErrandService;
  readonly node: SimulatedNode;
}

export class ErrandTree {
  readonly realms = new Realms('ua');
  readonly network = new SimulatedNetwork();
  readonly clock = new HandClock(Date.now());

  signerOf(identity: Identity) {
    return createBatchSigner({ key: leafKeyOfSeed(identity.privateKey), chain: () => identity.chain });
  }

  async open(realm: RealmName, identity?: Identity): Promise<TreeNode> {
    const own = identity ?? (await this.realms.identity(realm, 'node'));
    const node = this.network.node(realm);
    const rootFingerprint = await this.realms.rootFingerprint();
    const errands = new ErrandService(realm, {
      network: node,
      clock: this.clock,
      log: silentLog,
      signer: this.signerOf(own),
      keys: createOriginKeys({ rootFingerprint, clock: this.clock }),
      newId: () => crypto.getRandomValues(new Uint8Array(16)),
    });
    return { realm, identity: own, errands, node };
  }
}
