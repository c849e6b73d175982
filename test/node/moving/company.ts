// An enterprise with two branches that follow each other's chains, and a clerk of Kyiv with an identity, a device and a vault.
import type { TestContext } from 'node:test';
import { SealedVault } from '../../../src/client/vault/sealed-vault.ts';
import { DEVICE_LIFETIME, issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { newDeviceKeys, newSigningKey } from '../../../src/crypto/identity.ts';
import { deviceTarget } from '../../../src/crypto/vault/wraps.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { acme, eventually, kyiv, lviv, text } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { type Branch, openBranch } from '../directory/branch.ts';
import { OpaqueClient } from '../directory/opaque-client.ts';

export async function company(t: TestContext) {
  const networks = new PairedNetworks();
  const open = async (realm: RealmName) => {
    const branch = await openBranch(realm, { networks });
    t.after(() => branch.stop());
    await branch.start();
    return branch;
  };
  const realms = { acme: await open(acme), kyiv: await open(kyiv), lviv: await open(lviv) };
  for (const realm of [kyiv, lviv]) {
    await realms.acme.ledger.certifyRealm({ realm, tier: 'branch', chain: text(realm) });
  }
  await eventually(() => realms.lviv.ledger.realms().length === 2 && realms.kyiv.ledger.realms().length === 2);
  return { networks, ...realms };
}

/** A user who has logged in once: identity, vault of a few records, one device. */
export async function settledUser(branch: Branch, login: string) {
  const client = new OpaqueClient(branch.accounts, branch.realm);
  const user = await client.addUser(login, 'password');
  const { session } = await client.login(login, 'password');
  const identity = newSigningKey(systemRandom);
  const keys = await newDeviceKeys(systemRandom, false);
  const notBefore = systemClock.now();
  const certificate = issueDeviceCertificate(identity, {
    user: user.id,
    device: session.device.id,
    signatureKey: keys.signature.publicKey,
    hpkeKey: keys.hpke.publicKey,
    sequence: 1,
    notBefore,
    notAfter: notBefore + DEVICE_LIFETIME,
  });
  const never = () => Promise.reject(new Error('not asked for in this test'));
  const server = { state: never, records: never, line: never, change: never, stage: never };
  const parts = { server, clock: systemClock, random: systemRandom, known: undefined, opener: never };
  const sealed = new SealedVault({ user: user.id, identityKey: identity.publicKey, ...parts });
  sealed.useIdentity(identity);
  const entries = Array.from({ length: 30 }, (_, n) => ({
    kind: 'epoch-key',
    key: `${n}`,
    value: systemRandom(2000),
    time: n,
  }));
  const targets = [deviceTarget(session.device.id, keys.hpke.publicKey)];
  const { change } = await sealed.begin(targets, entries);
  const { head, wraps = new Uint8Array(), records = [] } = change;
  await branch.identities.begin(session, { head, wraps, records, certificate: certificate.bytes });
  return { user, session, identity, certificate, head, records };
}
