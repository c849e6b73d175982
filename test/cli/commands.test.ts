// What commands say and how they end, without a server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../temporary-folder.ts';
import { canopy } from './run-cli.ts';

const lines = (text: string) => text.trimEnd().split('\n');

test('an unknown command names the nearest and exits 2 with three lines', async () => {
  const { code, stderr, stdout } = await canopy(['stauts']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.equal(lines(stderr).length, 3);
  assert.match(stderr, /Did you mean status\?/);
});

test('an unknown option, a missing argument and a missing verb exit 2', async () => {
  for (const words of [
    ['status', '--jsno'],
    ['ping'],
    ['user'],
    ['start', '--only', 'everything'],
    ['init', 'region'],
  ]) {
    const { code, stderr } = await canopy(words);
    assert.equal(code, 2, words.join(' '));
    assert.equal(lines(stderr).length, 3, stderr);
  }
});

test('help has examples and exit codes at each level, on stdout, and exits 0', async () => {
  for (const words of [[], ['--help'], ['user', '--help'], ['user', 'add', '--help'], ['init', 'region', '--help']]) {
    const { code, stdout } = await canopy(words);
    assert.equal(code, 0, words.join(' '));
    assert.match(stdout, /Examples:\n {2}\S/);
    assert.match(stdout, /Exit codes:/);
  }
});

test('version has a JSON form', async () => {
  const { code, stdout } = await canopy(['version', '--json']);
  assert.equal(code, 0);
  const document = JSON.parse(stdout);
  assert.equal(document.schemaVersion, 1);
  assert.match(document.version, /^\d+\.\d+\.\d+$/);
});

test('a server that does not run is exit code 3, in JSON too', async (t) => {
  const dir = await temporaryFolder(t);
  assert.equal((await canopy(['init', 'region', 'ua', '--dir', dir])).code, 0);
  for (const words of [['status'], ['ping', 'acme.ua'], ['user', 'list'], ['invite', 'enterprise', 'acme']]) {
    const { code, stdout, stderr } = await canopy([...words, '--json', '--dir', dir]);
    assert.equal(code, 3, words.join(' '));
    assert.equal(JSON.parse(stdout).error.code, 'not-running');
    assert.equal(lines(stderr).length, 3);
    assert.match(stderr, /canopy start --dir/);
  }
});

test('a directory without a realm is wrong usage and names the two ways to make one', async (t) => {
  const { code, stderr } = await canopy(['status', '--dir', await temporaryFolder(t)]);
  assert.equal(code, 2);
  assert.match(stderr, /canopy init region/);
});

test('init makes a region once, and a second time is a conflict', async (t) => {
  const dir = await temporaryFolder(t);
  const dry = await canopy(['init', 'region', 'ua', '--dry-run', '--json', '--dir', dir]);
  assert.equal(JSON.parse(dry.stdout).dryRun, true);
  const made = await canopy(['init', 'region', 'ua', '--json', '--dir', dir, '--announce', '198.51.100.7:4443']);
  assert.equal(made.code, 0);
  assert.match(JSON.parse(made.stdout).rootFingerprint, /^[0-9a-f]{64}$/);
  const again = await canopy(['init', 'region', 'ua', '--dir', dir]);
  assert.equal(again.code, 6);
  assert.equal(lines(again.stderr).length, 3);
});

test('init refuses a name that is no region, and an address that is none', async (t) => {
  const dir = await temporaryFolder(t);
  assert.equal((await canopy(['init', 'region', 'acme.ua', '--dir', dir])).code, 2);
  assert.equal((await canopy(['init', 'region', 'UA', '--dir', dir])).code, 2);
  assert.equal((await canopy(['init', 'region', 'ua', '--lan', 'nowhere', '--dir', dir])).code, 2);
});

test('certificates are shown leaf first, up to the root', async (t) => {
  const dir = await temporaryFolder(t);
  await canopy(['init', 'region', 'ua', '--dir', dir]);
  const { stdout } = await canopy(['cert', 'show', '--json', '--dir', dir]);
  const subjects = JSON.parse(stdout).certificates.map((certificate: { subject: string }) => certificate.subject);
  assert.deepEqual(subjects, ['node ua', 'authority ua', 'root ua']);
  const pem = await canopy(['cert', 'show', '--pem', '--dir', dir]);
  assert.equal(pem.stdout.match(/BEGIN CERTIFICATE/g)?.length, 3);
  const lan = await canopy(['cert', 'show', '--lan-authority', '--pem', '--dir', dir]);
  assert.equal(lan.stdout.match(/BEGIN CERTIFICATE/g)?.length, 1);
});

test('no private key is ever printed', async (t) => {
  const dir = await temporaryFolder(t);
  const made = await canopy(['init', 'region', 'ua', '--dir', dir]);
  const shown = await canopy(['cert', 'show', '--pem', '--dir', dir]);
  assert.doesNotMatch(made.stdout + made.stderr + shown.stdout, /PRIVATE/);
});

test('settings are shown with their sources, and a wrong file is wrong usage', async (t) => {
  const dir = await temporaryFolder(t);
  await canopy(['init', 'region', 'ua', '--dir', dir, '--lan', '10.0.0.5:8443']);
  const { stdout } = await canopy(['config', 'show', '--json', '--dir', dir], { env: { CANOPY_LOG: 'debug' } });
  const { settings } = JSON.parse(stdout);
  const of = (key: string) => settings.find((setting: { key: string }) => setting.key === key);
  assert.deepEqual(of('lan.listen'), { key: 'lan.listen', value: '10.0.0.5:8443', source: 'file' });
  assert.equal(of('log.level').source, 'environment');
  const wrong = await canopy(['config', 'show', '--dir', dir], { env: { CANOPY_LOG: 'loud' } });
  assert.equal(wrong.code, 2);
});

test('completion scripts know the commands', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await canopy(['completion', shell]);
    assert.equal(code, 0);
    assert.match(stdout, /invite/);
    assert.match(stdout, /lan-authority/);
  }
});

test('a token that is none, cut or mistyped is not authorised', async (t) => {
  const dir = await temporaryFolder(t);
  for (const token of ['hello', 'canopy1.abc', 'canopy1.aGVsbG8.AAAAAAAA', 'canopy9.a.b']) {
    const { code, stderr } = await canopy(['join', token, '--dir', dir]);
    assert.equal(code, 5, token);
    assert.equal(lines(stderr).length, 3);
  }
  const piped = await canopy(['join', '-', '--dir', dir], { stdin: 'canopy1.x.y\n' });
  assert.equal(piped.code, 5);
});
