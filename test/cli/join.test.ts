// Fault case 9 and the ways to join, against a region that runs.
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeToken, type JoinToken, parseToken } from '../../src/pki/token.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { canopy } from './run-cli.ts';
import { loopbackOptions, type RunningRegion, runRegion } from './running-region.ts';

/** Milliseconds within which a wrong token must be refused. */
const REFUSAL_LIMIT = 10_000;

describe('join', { timeout: 180_000 }, () => {
  let region: RunningRegion;
  before(async () => {
    region = await runRegion();
  });
  after(() => region.stop());

  const enter = async (token: string, name: string, ...more: string[]) =>
    canopy(['join', token, '--json', '--dir', join(region.folder, name), ...more]);

  async function refused(token: string, name: string, code: string): Promise<void> {
    const begun = performance.now();
    const result = await enter(token, name);
    assert.equal(result.code, 5, result.stderr);
    assert.equal(JSON.parse(result.stdout).error.code, code);
    assert.equal(result.stderr.trimEnd().split('\n').length, 3);
    assert.ok(performance.now() - begun < REFUSAL_LIMIT);
  }

  const altered = (token: string, change: Partial<JoinToken>) => encodeToken({ ...parseToken(token), ...change });

  test('a dry run tells tier, name and the root, and changes nothing', async () => {
    const token = await region.invite('dry');
    const { code, stdout } = await enter(token, 'dry', '--dry-run');
    const plan = JSON.parse(stdout);
    assert.equal(code, 0);
    assert.deepEqual([plan.realm, plan.tier], ['dry.ua', 'enterprise']);
    assert.match(plan.rootFingerprint, /^[0-9a-f]{64}$/);
    assert.equal((await readdir(region.folder)).includes('dry'), false);
  });

  test('an expired token is refused, here and by the issuer', async () => {
    const token = await region.invite('late', '--ttl', '1s');
    await pause(1500);
    await refused(token, 'late', 'token-expired');
    await refused(altered(token, { expires: Date.now() + 60_000 }), 'late', 'token-expired');
  });

  test('a token with another secret, name, tier or root is refused', async () => {
    const token = await region.invite('altered');
    await refused(altered(token, { secret: new Uint8Array(32) }), 'a1', 'token-altered');
    await refused(altered(token, { realm: parseRealmName('other.ua') }), 'a2', 'token-name');
    await refused(altered(token, { tier: 'branch' }), 'a3', 'token-name');
    await refused(altered(token, { rootFingerprint: '00'.repeat(32) }), 'a4', 'cert-unknown-root');
    await refused(altered(token, { id: '00'.repeat(16) }), 'a5', 'token-unknown');
  });

  test('joining again is no harm; the same key gets the same chain; another key is refused', async () => {
    const token = await region.invite('twice');
    const options = await loopbackOptions();
    assert.equal((await enter(token, 'twice', ...options)).code, 0);
    const chain = join(region.folder, 'twice', 'authority', 'chain.pem');
    const first = await readFile(chain, 'utf8');
    const again = await enter(token, 'twice', ...options);
    assert.equal(JSON.parse(again.stdout).changed, false);
    // As after a crash in the middle of a join.
    await rm(join(region.folder, 'twice', 'realm.json'));
    await rm(chain);
    assert.equal((await enter(token, 'twice', ...options)).code, 0);
    assert.equal(await readFile(chain, 'utf8'), first);
    await refused(token, 'thief', 'token-used');
  });

  test('a directory that holds another realm is a conflict', async () => {
    const [one, other] = [await region.invite('one'), await region.invite('other')];
    assert.equal((await enter(one, 'one', ...(await loopbackOptions()))).code, 0);
    assert.equal((await enter(other, 'one')).code, 6);
  });

  test('a realm above that does not answer is unreachable', async () => {
    const token = await region.invite('lost');
    const ancestors = [{ realm: parseRealmName('ua'), relays: ['/ip4/127.0.0.1/tcp/1'] }];
    const { code, stderr } = await enter(altered(token, { ancestors }), 'lost');
    assert.equal(code, 4, stderr);
  });

  test('the same bytes join by files', async () => {
    const token = await region.invite('files');
    const [request, reply] = [join(region.folder, 'files.req'), join(region.folder, 'files.reply')];
    assert.equal((await enter(token, 'files', '--request-out', request)).code, 0);
    const answered = await canopy(['enrol', request, '--json', '--dir', region.dir]);
    await writeFile(reply, Buffer.from(JSON.parse(answered.stdout).reply, 'base64'));
    const joined = await enter(token, 'files', '--reply', reply, ...(await loopbackOptions()));
    assert.equal(joined.code, 0, joined.stderr);
    const shown = await canopy(['cert', 'show', '--json', '--dir', join(region.folder, 'files')]);
    const subjects = JSON.parse(shown.stdout).certificates.map((one: { subject: string }) => one.subject);
    assert.deepEqual(subjects, ['node files.ua', 'authority files.ua', 'authority ua', 'root ua']);
  });

  test('a realm split over two hosts: no key of authority or node on the DMZ host', async () => {
    const token = await region.invite('split');
    const [dmz, lan] = [join(region.folder, 'dmz'), join(region.folder, 'lan')];
    const options = await loopbackOptions();
    const relay = await canopy(['join', token, '--only', 'relay', '--dir', dmz, ...options]);
    assert.equal(relay.code, 0, relay.stderr);
    const pairing = relay.stdout.trim();
    await region.start(dmz, 'relay');
    const node = await canopy(['join', '-', '--only', 'node', '--dir', lan, ...options], { stdin: `${pairing}\n` });
    assert.equal(node.code, 0, node.stderr);
    await region.start(lan, 'node');
    await reachable('split.ua');
    const told = JSON.parse((await canopy(['status', '--json', '--dir', dmz])).stdout);
    assert.deepEqual([told.program, told.realm, told.node], ['relay', 'split.ua', true]);
    const onDmz = await readdir(dmz);
    assert.equal(onDmz.includes('authority') || onDmz.includes('node') || onDmz.includes('lan'), false);
    assert.deepEqual((await readdir(lan)).includes('relay'), false);
    const wrong = await canopy(['start', '--only', 'node', '--dir', dmz]);
    assert.equal(wrong.code, 2, wrong.stderr);
  });

  async function reachable(realm: string): Promise<void> {
    for (;;) {
      const { code, stdout } = await canopy(['ping', realm, '--json', '--dir', region.dir]);
      if (code === 0) {
        const roles = JSON.parse(stdout).path.hops.map((hop: { role: string }) => hop.role);
        assert.deepEqual(roles, ['node', 'relay', 'relay', 'node']);
        return;
      }
      await pause(250);
    }
  }

  test('a second start in the same directory is a conflict', async () => {
    const { code, stderr } = await canopy(['start', '--only', 'node', '--dir', region.dir]);
    assert.equal(code, 6);
    assert.match(stderr, /in use by process \d+/);
  });

  test('a user is added with a password from stdin, once', async () => {
    const add = () =>
      canopy(['user', 'add', 'clerk', '--name', 'Clerk One', '--dir', region.dir], { stdin: 'first password\n' });
    assert.equal((await add()).code, 0);
    assert.equal((await add()).code, 6);
    const { stdout } = await canopy(['user', 'list', '--json', '--dir', region.dir]);
    assert.equal(JSON.parse(stdout).users[0].address, 'clerk@ua');
    const short = await canopy(['user', 'add', 'x', '--name', 'X', '--dir', region.dir], { stdin: 'short' });
    assert.equal(short.code, 2);
  });

  test('status tells this realm, and ping a realm that is none is unreachable or refused', async () => {
    const { stdout } = await canopy(['status', '--json', '--dir', region.dir]);
    const status = JSON.parse(stdout);
    assert.deepEqual([status.realm, status.tier, status.relay.connected], ['ua', 'region', true]);
    const { code } = await canopy(['ping', 'nobody.ua', '--dir', region.dir]);
    assert.ok(code === 4 || code === 5, String(code));
  });

  test('a running realm is examined: nothing is wrong, the network before it is open, its realms form a tree', async () => {
    const examined = await canopy(['doctor', '--json', '--dir', region.dir]);
    const { findings } = JSON.parse(examined.stdout);
    const problems = findings.filter(({ level }: { level: string }) => level === 'problem');
    assert.deepEqual(problems, []);
    assert.equal(examined.code, 0);
    const checked = await canopy(['netcheck', '--json', '--dir', region.dir]);
    assert.ok(checked.code === 0 || checked.code === 7, checked.stderr);
    assert.ok('nat' in JSON.parse(checked.stdout));
    const { realms } = JSON.parse((await canopy(['topology', '--json', '--dir', region.dir])).stdout);
    assert.deepEqual([realms.length, realms[0].realm, realms[0].path], [1, 'ua', 'here']);
  });
});
