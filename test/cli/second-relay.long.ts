// A second relay for a realm, by the commands of the operator guide (fault case 21): invited by the realm itself, joined on
// another host, made known to the node; then the first one may die.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { RelayClient } from '../../relay/api.ts';
import { parseCertificate } from '../../src/pki/certificate.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readChain } from '../../src/settings/key-files.ts';
import { canopy } from './run-cli.ts';
import { loopbackOptions, type RunningRegion, runRegion } from './running-region.ts';

const PATIENCE = 30_000;

async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  for (let waited = 0; !(await isTrue()); waited += 100) {
    assert.ok(waited < PATIENCE, `never: ${what}`);
    await pause(100);
  }
}

async function succeed(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await canopy(words);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

describe('a second relay', { timeout: 180_000 }, () => {
  let region: RunningRegion;
  let token: string;
  let second: string;
  before(async () => {
    region = await runRegion();
    second = join(region.folder, 'second');
    token = await succeed(['invite', 'relay', '--dir', region.dir]);
  });
  after(() => region.stop());

  test('its token is good for a relay and for nothing else', async () => {
    const { code, stderr } = await canopy(['join', token, '--dir', join(region.folder, 'whole')]);
    assert.equal(code, 2);
    assert.match(stderr, /--only relay/);
  });

  test('it joins, and its pairing line makes it known to the node, once', async () => {
    const options = await loopbackOptions();
    const pairing = await succeed(['join', token, '--only', 'relay', '--dir', second, ...options]);
    const add = ['join', pairing, '--only', 'node', '--dir', region.dir, '--json'];
    assert.equal(JSON.parse(await succeed(add)).changed, true);
    assert.equal(JSON.parse(await succeed(add)).changed, false);
    const file = JSON.parse(await readFile(join(region.dir, 'realm.json'), 'utf8'));
    assert.deepEqual(file.programs, ['node', 'relay']);
    assert.equal(file.ownRelays.length, 1);
  });

  test('the pairing line is for a node that is there', async () => {
    const pairing = await succeed(['join', token, '--only', 'relay', '--dir', second]);
    const { code, stderr } = await canopy(['join', pairing, '--only', 'node', '--dir', join(region.folder, 'nobody')]);
    assert.equal(code, 2);
    assert.match(stderr, /further relay/);
  });

  test('both relays carry the realm: a realm that was told of one finds the other, and the node stays reached', async () => {
    await region.restart();
    await region.start(second, 'relay');
    const enterprise = join(region.folder, 'acme');
    await succeed(['join', await region.invite('acme'), '--dir', enterprise, ...(await loopbackOptions())]);
    await region.start(enterprise);
    const status = async () => new RelayClient(join(enterprise, 'relay.sock')).status();
    const near = async () =>
      (await status()).relays.filter(({ realm, path }) => realm === 'ua' && path === 'direct-tcp');
    await until(async () => (await near()).length === 2, 'the enterprise is connected to both relays of the region');
    const isReached = async () => (await canopy(['ping', 'ua', '--dir', enterprise, '--json'])).code === 0;
    await until(isReached, 'the node of the region is reached');
    const own = async () => JSON.parse(await succeed(['status', '--dir', region.dir, '--json'])).relays;
    await until(
      async () => (await own()).every((relay: { connected: boolean }) => relay.connected),
      'both are connected',
    );
    assert.equal((await own()).length, 2);
    await region.stopRelay();
    await until(async () => (await near()).length === 1, 'the loss of the first relay is seen');
    await until(isReached, 'the node is reached over the second relay');
    assert.match(await succeed(['status', '--dir', region.dir]), /1 of 2 relays/);
  });

  test('a relay whose certificate was revoked says so, and what it says to do brings the host back', async () => {
    await region.restart();
    const client = new RelayClient(join(second, 'relay.sock'));
    await until(async () => (await client.status()).node, 'the node is connected to the second relay');
    const [leaf] = await readChain((await openDataDirectory(second)).relay);
    assert.ok(leaf);
    const { serial } = parseCertificate(leaf);
    await succeed(['cert', 'revoke', '--serial', serial, '--yes', '--dir', region.dir]);
    await until(async () => (await client.status()).revoked !== undefined, 'the relay knows that it was revoked');
    assert.deepEqual((await client.status()).revoked, { realm: 'ua', by: 'ua', isOwn: true });
    const doctor = await canopy(['doctor', '--dir', second]);
    assert.equal(doctor.code, 7);
    const said = await succeed(['status', '--dir', second]);
    for (const text of [said, doctor.stdout]) {
      assert.match(text, /this relay's certificate was revoked by ua/);
      assert.match(text, /canopy invite relay --dir NODE_DIR/);
      assert.ok(text.includes(`canopy join TOKEN --only relay --dir ${second}.new`));
      assert.match(text, /canopy join PAIRING_LINE --only node --dir NODE_DIR/);
    }
    const anew = await succeed(['invite', 'relay', '--dir', region.dir]);
    const joined = ['join', anew, '--only', 'relay', '--dir', `${second}.new`, ...(await loopbackOptions())];
    await succeed(['join', await succeed(joined), '--only', 'node', '--dir', region.dir]);
    await region.restart();
    await region.start(`${second}.new`, 'relay');
    const again = new RelayClient(join(`${second}.new`, 'relay.sock'));
    await until(async () => (await again.status()).node, 'the node is connected to the relay that has joined anew');
  });
});
