// Fault case 25: a branch's node is put back to yesterday's backup. The programs are real: the enterprise and the other branch fill it up,
// it opens anew with a certified incarnation, and what it then writes is taken by everybody.
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { test } from 'node:test';
import { registerUser } from '../../cli/register-user.ts';
import { LedgerClient } from '../../node/admin/ledger-api.ts';
import { parseLogin } from '../../src/realm/user-address.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { type Realm, startTwoBranches } from './two-branches.ts';
import { until } from './until.ts';

const LIMIT = { timeout: 240_000 };
const PATIENCE = 60_000;

const soon = (what: string, holds: () => Promise<boolean>): Promise<void> => until(what, holds, PATIENCE);

const add = ({ admin }: Realm, login: string) =>
  registerUser(admin, { login: parseLogin(login), name: login, password: `first of ${login}` });

const knows = async ({ admin }: Realm, address: string) =>
  (await admin.directory()).some((user) => user.address === address);

test('a node put back to yesterday’s backup is filled up and uses no number twice', LIMIT, async (t) => {
  const { kyiv, lviv, stop } = await startTwoBranches(AbortSignal.timeout(LIMIT.timeout));
  t.after(stop);
  const { folder } = dataDirectory(kyiv.dir).node;
  await kyiv.program('node').stop();
  await cp(folder, `${folder}.yesterday`, { recursive: true, preserveTimestamps: true });
  await kyiv.start('node');
  await soon('kyiv is back', async () => (await new LedgerClient(kyiv.admin).incarnation()).withheld === undefined);
  await add(kyiv, 'today');
  await soon('lviv knows of today', () => knows(lviv, `today@${kyiv.realm}`));

  await kyiv.program('node').stop();
  await rm(folder, { recursive: true });
  await cp(`${folder}.yesterday`, folder, { recursive: true, preserveTimestamps: true });
  await kyiv.start('node');
  const ledger = new LedgerClient(kyiv.admin);
  await soon('kyiv has a new incarnation', async () => (await ledger.incarnation()).incarnation === 2);
  await soon('kyiv writes', async () => (await ledger.incarnation()).withheld === undefined);
  await soon('today is known at home again', () => knows(kyiv, `today@${kyiv.realm}`));
  await add(kyiv, 'tomorrow');
  await soon('lviv takes the new incarnation', () => knows(lviv, `tomorrow@${kyiv.realm}`));
  for (const realm of [kyiv, lviv]) {
    const { chains } = await new LedgerClient(realm.admin).verify();
    assert.deepEqual(
      chains.filter(({ whole, fraud }) => !whole || fraud !== undefined),
      [],
    );
  }
});
