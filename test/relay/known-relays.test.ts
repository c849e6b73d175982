// What a relay keeps of the relays above it.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KnownRelays } from '../../relay/known-relays.ts';
import { silentLog } from '../../src/realm/log.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const UA = parseRealmName('ua');
const TOLD = [{ realm: UA, relays: ['/ip4/60.0.0.1/tcp/443/p2p/A'] }];
const SECOND = { peerId: 'B', addrs: ['/ip4/60.0.0.2/tcp/443', '/ip6/2a00::2/tcp/443'] };
let folder: string;
let file: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canopy-known-'));
  file = join(folder, 'ancestors.json');
});
after(() => rm(folder, { recursive: true }));

test('what was learnt is there after a restart, behind what the settings say', async () => {
  const known = await KnownRelays.open(file, silentLog, () => false);
  known.learn(UA, [SECOND]);
  await known.written();
  const again = await KnownRelays.open(file, silentLog, () => false);
  assert.deepEqual(again.beside(TOLD), [
    { realm: UA, relays: [...(TOLD[0]?.relays ?? []), '/ip4/60.0.0.2/tcp/443/p2p/B', '/ip6/2a00::2/tcp/443/p2p/B'] },
  ]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('an address that is none of plain TCP is not kept', async () => {
  const known = await KnownRelays.open(file, silentLog, () => false);
  known.learn(UA, [SECOND, { peerId: 'C', addrs: ['/unix/tmp/socket', '/dns/example.org/tcp/443'] }]);
  await known.written();
  assert.doesNotMatch(await readFile(file, 'utf8'), /unix|dns/);
});

test('more relays and addresses than a realm may have crowd nobody out, and the file can be read again', async () => {
  const known = await KnownRelays.open(file, silentLog, () => false);
  const many = Array.from({ length: 8 }, (_, at) => `/ip4/60.0.1.${at}/tcp/443`);
  const crowd = ['X', 'Y', 'Z', 'W', 'V'].map((peerId) => ({ peerId, addrs: many }));
  known.learn(UA, [...crowd, SECOND]);
  await known.written();
  const again = await KnownRelays.open(file, silentLog, () => false);
  const kept = again.beside(TOLD)[0]?.relays ?? [];
  assert.ok(kept.includes('/ip4/60.0.0.2/tcp/443/p2p/B'));
  assert.equal(kept.length, 1 + 32);
});

test('a damaged file is thrown away', async () => {
  await writeFile(file, '[{"realm":');
  const known = await KnownRelays.open(file, silentLog, () => false);
  assert.deepEqual(known.beside(TOLD), TOLD);
  await assert.rejects(stat(file), { code: 'ENOENT' });
});

test('a private address is kept only where this host or its operator is near to it, also when the file has it', async () => {
  const HIDDEN = { peerId: 'D', addrs: ['/ip4/10.1.2.3/tcp/22', '/ip4/192.168.1.1/tcp/80'] };
  const near = (host: string): boolean => host.startsWith('10.');
  const known = await KnownRelays.open(file, silentLog, near);
  known.learn(UA, [HIDDEN]);
  await known.written();
  assert.match(await readFile(file, 'utf8'), /10\.1\.2\.3/);
  assert.doesNotMatch(await readFile(file, 'utf8'), /192\.168/);
  const moved = await KnownRelays.open(file, silentLog, () => false);
  assert.deepEqual(moved.beside(TOLD), TOLD);
});
