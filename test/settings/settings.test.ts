// Settings of a host: sources, forms, refusals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, InputError } from '../../src/realm/errors.ts';
import { decideSettings, decodeFile } from '../../src/settings/settings.ts';
import { settingsText } from '../../src/settings/settings-text.ts';

const decide = (toml: string, env: Record<string, string> = {}) => decideSettings(decodeFile(toml, 'canopy.toml'), env);

test('the environment beats the file, which beats the default', () => {
  const toml = '[lan]\nlisten = "10.0.0.1:1000"';
  const port = (read: ReturnType<typeof decide>) => read.settings.lan.listen.port;
  assert.equal(port(decide('')), 8443);
  assert.equal(port(decide(toml)), 1000);
  assert.equal(port(decide(toml, { CANOPY_LAN: '10.0.0.1:2000' })), 2000);
});

test('each value tells its source', () => {
  const { origins } = decide('[lan]\nlisten = "10.0.0.1:1000"', { CANOPY_LOG: 'debug' });
  const source = (key: string) => origins.find((origin) => origin.key === key)?.source;
  assert.equal(source('lan.listen'), 'file');
  assert.equal(source('log.level'), 'environment');
  assert.equal(source('relay.listen'), 'default');
});

test('an unknown key is an error that names the nearest', () => {
  assert.throws(
    () => decode('[lan]\nlissten = "0.0.0.0:1"'),
    (error: unknown) =>
      error instanceof InputError && error.code === 'unknown-setting' && error.hint?.includes('lan.listen') === true,
  );
  assert.throws(() => decode('listen = "0.0.0.0:1"'), { code: 'unknown-setting' });
});

const decode = (toml: string) => decodeFile(toml, 'canopy.toml');

test('broken TOML names its line', () => {
  assert.throws(() => decode('[lan]\nlisten = '), /canopy\.toml:2/);
});

test('a value of another form is refused, whatever its source', () => {
  const broken = [
    () => decide('[lan]\nlisten = "nowhere"'),
    () => decide('[lan]\nlisten = 8443'),
    () => decide('[relay]\npunch = ["magic"]'),
    () => decide('', { CANOPY_WAN: 'x:y' }),
    () => decide('[relay]\nlisten = []'),
  ];
  for (const read of broken) assert.throws(read, (error) => codeOf(error) === 'bad-settings');
});

test('the environment gives lists with commas', () => {
  const { settings } = decide('', { CANOPY_WAN: '0.0.0.0:4443, [::]:443' });
  assert.deepEqual(settings.relay.listen, [
    { host: '0.0.0.0', port: 4443 },
    { host: '::', port: 443 },
  ]);
});

test('plain HTTP is for loopback alone', () => {
  assert.throws(() => decide('[lan]\nscheme = "http"'), { code: 'bad-settings' });
  assert.equal(decide('[lan]\nscheme = "http"\nlisten = "127.0.0.1:7101"').settings.lan.scheme, 'http');
});

test('the written file gives the same settings back, with every other setting as a comment', () => {
  const given = { 'lan.listen': '10.0.0.5:8443', 'relay.announce': ['198.51.100.7:4443'] };
  const text = settingsText(given);
  assert.deepEqual(decodeFile(text, 'canopy.toml'), given);
  assert.match(text, /# punch = \["tcp","tcp-punch","webrtc"\]/);
});
