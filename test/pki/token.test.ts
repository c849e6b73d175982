// Join tokens as people copy them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { encodeLine } from '../../src/pki/pasteable.ts';
import { encodeToken, type JoinToken, parseToken } from '../../src/pki/token.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const token: JoinToken = {
  realm: parseRealmName('lviv.acme.ua'),
  tier: 'branch',
  id: '0123456789abcdef0123456789abcdef',
  secret: new Uint8Array(32).fill(7),
  rootFingerprint: 'ab'.repeat(32),
  expires: Date.UTC(2027, 0, 15),
  ancestors: [
    { realm: parseRealmName('acme.ua'), relays: ['/ip4/203.0.113.7/tcp/4443/p2p/12D3KooWQ'] },
    {
      realm: parseRealmName('ua'),
      relays: ['/ip4/198.51.100.2/tcp/4443/p2p/12D3KooWR', '/ip6/2001:db8::1/tcp/443/p2p/12D3KooWR'],
    },
  ],
};

const code = (text: string): string => {
  try {
    parseToken(text);
    return 'ok';
  } catch (error) {
    return codeOf(error);
  }
};

describe('a join token', { timeout: 60_000 }, () => {
  test('is one line without spaces and comes back whole', () => {
    const line = encodeToken(token);
    assert.match(line, /^canopy1\.[\w-]+\.[\w-]{8}$/);
    assert.deepEqual(parseToken(line), token);
  });

  test('survives the line breaks of a terminal', () => {
    const wrapped = encodeToken(token).replaceAll(/(.{60})/g, '$1\n  ');
    assert.deepEqual(parseToken(` ${wrapped}\r\n`), token);
  });

  test('cut anywhere says that it is cut', () => {
    const line = encodeToken(token);
    for (let length = 'canopy1'.length; length < line.length; length += 1) {
      assert.equal(code(line.slice(0, length)), 'token-cut');
    }
  });

  test('with any character changed is refused', () => {
    const line = encodeToken(token);
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.constantFrom('A', 'b', '0', '-', '_', '.', '!'), (at, character) => {
        const changed = line.slice(0, at) + character + line.slice(at + 1);
        assert.ok(changed === line || code(changed).startsWith('token-'));
      }),
    );
    assert.equal(code(line.replace(/.{10}$/, 'AAAAAAAAAA')), 'token-cut');
    assert.equal(code(`${line.slice(0, -8)}AAAAAAAA`), 'token-mistyped');
  });

  test('of another version, or no token at all, is named so', () => {
    assert.equal(code(encodeToken(token).replace('canopy1', 'canopy2')), 'token-version');
    for (const text of ['', 'hello', 'canopy', 'https://kyiv.localhost', '\0'.repeat(9000)])
      assert.equal(code(text), 'token-malformed');
  });

  test('with a right checksum over any bytes is refused by code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) =>
        assert.equal(code(encodeLine('canopy1', bytes)), 'token-malformed'),
      ),
    );
  });

  test('round trip for any fields', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,10}$/);
    const realm = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => parseRealmName(labels.join('.')));
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const hex = (length: number) => bytes(length).map((value) => Buffer.from(value).toString('hex'));
    const ancestors = fc.array(
      fc.record({ realm, relays: fc.array(fc.string({ maxLength: 60 }), { maxLength: 8 }) }, { noNullPrototype: true }),
      {
        maxLength: 8,
      },
    );
    const expires = fc.nat(4_000_000_000).map((seconds) => seconds * 1000);
    const tokens = fc.record(
      {
        realm,
        tier: fc.constantFrom('enterprise' as const, 'branch' as const),
        id: hex(16),
        secret: bytes(32),
        rootFingerprint: hex(32),
        expires,
        ancestors,
      },
      { noNullPrototype: true },
    );
    fc.assert(fc.property(tokens, (any) => assert.deepEqual(parseToken(encodeToken(any)), any)));
  });
});
