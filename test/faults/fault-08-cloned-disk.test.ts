// Fault case 8: a copied directory runs beside the original. The original is told and goes on; the copy is told and writes nothing; when
// the original is gone, the copy writes once its operator has said so, and then in an incarnation of its own.
import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from '../../cli/demo/free-ports.ts';
import { registerUser } from '../../cli/register-user.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { LedgerClient } from '../../node/admin/ledger-api.ts';
import { parseLogin } from '../../src/realm/user-address.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { makeLoneRealm } from './lone-realm.ts';
import { Program } from './program.ts';
import { until } from './until.ts';

const LIMIT = { timeout: 120_000 };
const PATIENCE = 20_000;

const soon = (what: string, holds: () => Promise<boolean>): Promise<void> => until(what, holds, PATIENCE);

const adminOf = (dir: string) => new AdminClient(dataDirectory(dir).socket.node);

function add(dir: string, login: string) {
  return registerUser(adminOf(dir), { login: parseLogin(login), name: login, password: `first of ${login}` });
}

test('of two servers with one identity the newcomer writes nothing, and both operators are told', LIMIT, async (t) => {
  const realm = await makeLoneRealm();
  const programs: Program[] = [];
  const start = async (...[init]: Parameters<typeof Program.start>) => {
    const program = await Program.start(init);
    programs.push(program);
    return program;
  };
  // The folder last: a program that still runs would write into it again.
  t.after(async () => {
    for (const program of programs) await program.stop();
    await realm.remove();
  });
  const copy = join(realm.folder, 'copy');
  const first = await start({ role: 'node', dir: realm.dir });
  await first.stop();
  await cp(realm.dir, copy, { recursive: true, preserveTimestamps: true });
  const [port] = await freePorts(1);
  const settings = dataDirectory(copy).settings;
  await writeFile(settings, (await readFile(settings, 'utf8')).replace(`:${realm.lanPort}`, `:${port}`));

  await start({ role: 'relay', dir: realm.dir });
  const original = await start({ role: 'node', dir: realm.dir });
  await soon('the original has its relay', async () => (await adminOf(realm.dir).status()).relay.connected);
  await start({ role: 'node', dir: copy });

  const { incarnation } = await new LedgerClient(adminOf(realm.dir)).incarnation();
  const ofCopy = new LedgerClient(adminOf(copy));
  await soon('the copy knows', async () => (await ofCopy.incarnation()).withheld === 'cloned');
  await assert.rejects(add(copy, 'nobody'), { code: 'read-only' });
  assert.ok((await adminOf(copy).status()).warnings.some((text) => text.includes('identity of this one')));
  assert.ok((await adminOf(realm.dir).status()).warnings.some((text) => text.startsWith('Another server has come')));
  await add(realm.dir, 'clerk');

  await original.stop();
  await soon('the copy is alone', async () => (await ofCopy.incarnation()).withheld === 'restored');
  await assert.rejects(add(copy, 'nobody'), { code: 'read-only' });
  await ofCopy.confirmIncarnation();
  await soon('the copy writes', async () => (await ofCopy.incarnation()).withheld === undefined);
  assert.ok((await ofCopy.incarnation()).incarnation > incarnation);
  await add(copy, 'successor');
});
