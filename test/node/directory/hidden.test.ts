// Whether somebody is hidden is said in the directory chain: it goes where status and name go, and ends with the person.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeUserEntry, encodeUserEntry, type UserEntry } from '../../../src/protocols/ledger/kinds.ts';
import { decodeMovedUser, encodeMovedUser, type MovedUser } from '../../../src/protocols/move/index.ts';
import { CanopyError } from '../../../src/realm/errors.ts';
import { parseUserId, type UserId } from '../../../src/realm/ids.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { eventually, kyiv, lviv } from '../../protocols/ledger/ledger-realm.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { company, settledUser } from '../moving/company.ts';
import { type Branch, openBranch } from './branch.ts';
import { OpaqueClient } from './opaque-client.ts';

const LIMIT = { timeout: 60_000 };
const CLERK = parseLogin('clerk');
const isHidden = ({ directory }: Pick<Branch, 'directory'>, id: UserId) => directory.findById(id)?.isHidden === true;

test('a user entry and a hand-over say it, read back, and are as before for who is not hidden', () => {
  const bytes = (length: number) => new Uint8Array(length).fill(7);
  const id = parseUserId('00000000-0000-4000-8000-000000000001');
  const entry: UserEntry = { id, kind: 'bot', status: 'disabled', loginHash: bytes(32), profileHash: bytes(32) };
  const moved: MovedUser = {
    profile: bytes(9),
    kind: 'person',
    identity: undefined,
    certificates: [bytes(3)],
    vault: { head: bytes(4), wraps: bytes(5) },
    count: 6,
  };
  const hidden = { isHidden: true };
  for (const one of [entry, { ...entry, ...hidden }]) assert.deepEqual(decodeUserEntry(encodeUserEntry(one)), one);
  for (const one of [moved, { ...moved, ...hidden }]) assert.deepEqual(decodeMovedUser(encodeMovedUser(one)), one);
  assert.deepEqual(encodeUserEntry({ ...entry, isHidden: false }), encodeUserEntry(entry));
  const forms = [
    [encodeUserEntry({ ...entry, ...hidden }), decodeUserEntry],
    [encodeMovedUser({ ...moved, ...hidden }), decodeMovedUser],
  ] as const;
  for (const [whole, decode] of forms) {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (n) => assert.throws(() => decode(whole.subarray(0, n)), CanopyError)),
    );
  }
  assert.equal(Buffer.from(encodeUserEntry({ ...entry, ...hidden })).at(-1), 0xf5, 'true');
});

test(
  'every node of the house knows it, other changes leave it, and it ends when it is taken back',
  LIMIT,
  async (t) => {
    const { kyiv: home, lviv: other, acme } = await company(t);
    const { id } = await new OpaqueClient(home.accounts, kyiv).addUser('clerk', 'password');
    await home.accounts.setHidden(id, true, 'operator');
    await home.accounts.setDepartment(id, 'Accounts', 'operator');
    await home.accounts.setStatus(id, 'disabled', 'operator');
    await home.accounts.setStatus(id, 'active', 'operator');
    for (const branch of [home, other, acme]) {
      await eventually(() => branch.directory.findById(id)?.department === 'Accounts' && isHidden(branch, id));
      assert.deepEqual([...branch.directory.hidden], [id]);
    }
    await home.accounts.setHidden(id, false, 'operator');
    for (const branch of [home, other, acme]) {
      await eventually(() => !isHidden(branch, id));
      assert.equal(branch.directory.hidden.size, 0);
      assert.equal(branch.directory.findById(id)?.department, 'Accounts');
    }
    const codes = (await home.audit.tail(20)).map(({ code }) => code);
    assert.deepEqual(
      codes.filter((code) => code.includes('hidden')),
      ['user-hidden', 'user-unhidden'],
    );
  },
);

test('it is there after a restart, and goes with the account', LIMIT, async (t) => {
  const disk = new ForgetfulDisk();
  const first = await openBranch(kyiv, { disk });
  const { id } = await new OpaqueClient(first.accounts, kyiv).addUser('clerk', 'password');
  await first.accounts.setHidden(id, true, 'operator');
  disk.powerCut();
  const again = await openBranch(kyiv, { disk });
  t.after(() => again.stop());
  assert.equal(isHidden(again, id), true);
  await again.accounts.remove(CLERK, 'operator');
  assert.equal(again.directory.hidden.size, 0);
  const next = await new OpaqueClient(again.accounts, kyiv).addUser('clerk', 'password');
  assert.equal(isHidden(again, next.id), false, 'the next with that login is not');
});

test('it moves to another branch with the person', LIMIT, async (t) => {
  const { kyiv: old, lviv: next, acme } = await company(t);
  const { user } = await settledUser(old, 'clerk');
  await old.accounts.setHidden(user.id, true, 'operator');
  await eventually(() => isHidden(next, user.id));
  await old.moving.move(CLERK, lviv, 'operator');
  for (const branch of [old, next, acme]) {
    await eventually(() => branch.directory.findById(user.id)?.home === lviv);
    assert.equal(isHidden(branch, user.id), true);
  }
});

test('a search leaves out whom it may not show, and fills its page with others', LIMIT, async (t) => {
  const branch = await openBranch(kyiv);
  t.after(() => branch.stop());
  const client = new OpaqueClient(branch.accounts, kyiv);
  for (const login of ['cle', 'clerk', 'clown']) await client.addUser(login, 'password');
  const clerk = branch.directory.findByAddress({ login: CLERK, realm: kyiv });
  assert.ok(clerk);
  await branch.accounts.setHidden(clerk.id, true, 'operator');
  const found = branch.directory.search('cl', 2, ({ isHidden: isOne }) => isOne !== true);
  assert.deepEqual(
    found.map(({ address }) => address.login),
    ['cle', 'clown'],
  );
  assert.equal(branch.directory.search('clerk', 2).length, 1, 'the node itself finds everybody');
});
