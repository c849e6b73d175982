// Fault case 23, without groups: one login is given out twice while two branches are apart. It is resolved the same way everywhere, and
// the administrators of the loser see it; login@realm stays each one's own.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { acme, eventually, kyiv, lviv, text, ua } from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { type Branch, openBranch } from './branch.ts';
import { OpaqueClient } from './opaque-client.ts';

const LIMIT = { timeout: 60_000 };
const CLERK = parseLogin('clerk');

async function company(t: TestContext) {
  const networks = new PairedNetworks();
  const open = async (realm: typeof ua) => {
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

const add = (branch: Branch, login: string) => new OpaqueClient(branch.accounts, branch.realm).addUser(login, 'pw');
const holderAt = ({ directory }: Branch, login = CLERK) => directory.findByAlias(login)?.address.realm;

function stateAt({ directory }: Branch, realm: typeof ua): string | undefined {
  const user = directory.findByAddress({ login: CLERK, realm });
  return user && directory.aliasOf(user);
}

test('a login is provisional until the house has signed it, and then the same everywhere', LIMIT, async (t) => {
  const { networks, ...realms } = await company(t);
  networks.cut(acme);
  await add(realms.kyiv, 'clerk');
  assert.equal(stateAt(realms.kyiv, kyiv), 'provisional');
  networks.heal(acme);
  for (const branch of Object.values(realms)) await eventually(() => stateAt(branch, kyiv) === 'confirmed');
});

test('the login that was given out twice during a partition goes to the earlier, everywhere', LIMIT, async (t) => {
  const { networks, ...realms } = await company(t);
  for (const realm of [acme, kyiv, lviv]) networks.cut(realm);
  await add(realms.lviv, 'clerk');
  await new Promise((resolve) => setTimeout(resolve, 5));
  await add(realms.kyiv, 'clerk');
  assert.deepEqual([holderAt(realms.lviv), holderAt(realms.kyiv)], [lviv, kyiv]);
  for (const realm of [kyiv, lviv, acme]) networks.heal(realm);
  for (const branch of Object.values(realms)) {
    await eventually(() => stateAt(branch, lviv) !== undefined && stateAt(branch, kyiv) === 'lost');
    await eventually(() => stateAt(branch, lviv) === 'confirmed');
    assert.equal(holderAt(branch), lviv);
  }
  const [lost] = realms.kyiv.directory.lostAliases();
  assert.deepEqual([lost?.user.home, lost?.holder?.home], [kyiv, lviv]);
  assert.deepEqual(realms.lviv.directory.lostAliases(), []);
  assert.ok(realms.lviv.directory.findByAddress({ login: CLERK, realm: kyiv }), 'the identity stays');
});

test('who was signed first keeps the login against an earlier entry that comes late', LIMIT, async (t) => {
  const { networks, ...realms } = await company(t);
  networks.cut(lviv);
  await add(realms.lviv, 'clerk');
  await new Promise((resolve) => setTimeout(resolve, 5));
  await add(realms.kyiv, 'clerk');
  await eventually(() => stateAt(realms.kyiv, kyiv) === 'confirmed');
  networks.heal(lviv);
  for (const branch of Object.values(realms)) await eventually(() => stateAt(branch, lviv) === 'lost');
  for (const branch of Object.values(realms)) assert.equal(holderAt(branch), kyiv);
});

test('a login whose holder was removed goes to the one who had lost it', LIMIT, async (t) => {
  const { networks, ...realms } = await company(t);
  await add(realms.kyiv, 'clerk');
  await eventually(() => stateAt(realms.lviv, kyiv) === 'confirmed');
  networks.cut(kyiv);
  await add(realms.lviv, 'clerk');
  networks.heal(kyiv);
  await eventually(() => stateAt(realms.lviv, lviv) === 'lost');
  await realms.kyiv.accounts.remove(CLERK);
  for (const branch of Object.values(realms)) await eventually(() => stateAt(branch, lviv) === 'confirmed');
});
