// Enrolment by the same bytes over the wire and as files: the issuer's registry, and what the newcomer makes of the reply.
import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { acceptReply, type PendingRequest, prepareRequest } from '../../src/pki/bootstrap.ts';
import { readChainPem, validateAuthority, validateLeaf } from '../../src/pki/chain.ts';
import { createAuthorityCsr, createLeafCsr } from '../../src/pki/csr.ts';
import {
  createEnrolRequest,
  decodeEnrolReply,
  decodeEnrolRequest,
  encodeEnrolReply,
  encodeEnrolRequest,
  issuerOfRequest,
  MAX_CLOCK_SKEW,
} from '../../src/pki/enrolment.ts';
import { issueAuthority, issueLeaf } from '../../src/pki/issue.ts';
import { generateAuthorityKey, generateLeafKey, localSigner } from '../../src/pki/keys.ts';
import { type JoinToken, SLOTS, type Slot } from '../../src/pki/token.ts';
import { TokenRegistry } from '../../src/pki/token-registry.ts';
import { codeOf, PeerError } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { createFamily, type Family, NOW } from './family.ts';

const lviv = parseRealmName('lviv.acme.ua');
let family: Family;
let now = NOW;
let issued = 0;
let refused: string[] = [];
let stored: Map<string, Uint8Array>;
let registry: TokenRegistry;
let token: JoinToken;

before(async () => {
  family = await createFamily();
});

function createRegistry(): TokenRegistry {
  const signer = localSigner(family.keys.enterprise);
  return new TokenRegistry({
    realm: family.acme,
    now: () => now,
    store: { get: async (key) => stored.get(key), put: async (key, value) => void stored.set(key, value) },
    onRefused: ({ code }) => refused.push(code),
    certify: async ({ subject, spki, publicKey }) => {
      issued += 1;
      const by = { signer, chain: family.enterprise, now, realm: subject.realm, tier: subject.tier };
      if (subject.kind === 'authority') return issueAuthority({ ...by, publicKey: spki });
      return issueLeaf({ ...by, role: subject.kind, publicKey: publicKey ?? spki });
    },
  });
}

beforeEach(async () => {
  now = NOW;
  issued = 0;
  refused = [];
  stored = new Map();
  registry = createRegistry();
  token = await registry.create({
    realm: lviv,
    tier: 'branch',
    rootFingerprint: family.rootFingerprint,
    ancestors: [],
  });
});

async function codeFor(request: Uint8Array): Promise<string> {
  const reply = decodeEnrolReply(await registry.answer(request));
  return reply.kind === 'ok' ? 'ok' : reply.code;
}

const prepare = (slot: Slot = 'authority', of = token): Promise<PendingRequest> =>
  prepareRequest({ token: of, slot, now });

describe('a token', { timeout: 60_000 }, () => {
  test('gives each of its slots one certificate', async () => {
    for (const slot of ['relay', 'authority'] as const) {
      const pending = await prepare(slot);
      const { chainPem } = await acceptReply({
        token,
        pending,
        reply: await registry.answer(pending.request),
        now,
        live: true,
      });
      const chain = readChainPem(chainPem);
      const trust = { rootFingerprint: family.rootFingerprint, now };
      const { realm } = slot === 'authority' ? await validateAuthority(chain, trust) : await validateLeaf(chain, trust);
      assert.equal(realm, lviv);
    }
    assert.equal(issued, 2);
  });

  test('gives the same key the same chain, also after a restart and after its end', async () => {
    const pending = await prepare();
    const first = decodeEnrolReply(await registry.answer(pending.request));
    registry = createRegistry();
    now = token.expires + 1000;
    const again = await prepareRequest({ token, slot: 'authority', now, keyPem: pending.keyPem });
    const second = decodeEnrolReply(await registry.answer(again.request));
    assert.ok(first.kind === 'ok' && second.kind === 'ok');
    assert.deepEqual(second.chain, first.chain);
    assert.equal(issued, 1);
  });

  test('used at once by two keys serves one of them', async () => {
    const requests = await Promise.all([prepare(), prepare(), prepare()]);
    const codes = await Promise.all(requests.map(({ request }) => codeFor(request)));
    assert.deepEqual(codes.sort(), ['ok', 'token-used', 'token-used']);
    assert.equal(issued, 1);
  });

  test('that has expired is refused on both sides', async () => {
    const { request } = await prepare();
    now = token.expires + 1;
    assert.equal(await codeFor(request), 'token-expired');
    await assert.rejects(prepare(), (error) => codeOf(error) === 'token-expired');
  });

  test('that was altered or is unknown is refused', async () => {
    const other = { ...token, secret: token.secret.with(0, 1) };
    assert.equal(await codeFor((await prepare('authority', other)).request), 'token-altered');
    assert.equal(
      await codeFor((await prepare('authority', { ...token, id: '00'.repeat(16) })).request),
      'token-unknown',
    );
    assert.deepEqual(refused, ['token-altered', 'token-unknown']);
  });

  test('serves no other name, tier or kind', async () => {
    const signer = localSigner(await generateAuthorityKey());
    const leaf = await generateLeafKey();
    const { kyiv } = family;
    const wrong = [
      createEnrolRequest(token, 'authority', await createAuthorityCsr(signer, { realm: kyiv, tier: 'branch' })),
      createEnrolRequest(token, 'authority', await createAuthorityCsr(signer, { realm: lviv, tier: 'enterprise' })),
      createEnrolRequest(token, 'relay', await createAuthorityCsr(signer, { realm: lviv, tier: 'branch' })),
      createEnrolRequest(token, 'relay', createLeafCsr(leaf, { realm: lviv, tier: 'branch', role: 'node' })),
      createEnrolRequest(
        { ...token, realm: kyiv },
        'authority',
        await createAuthorityCsr(signer, { realm: lviv, tier: 'branch' }),
      ),
    ];
    for (const request of wrong) assert.equal(await codeFor(request), 'token-name');
    assert.equal(issued, 0);
  });

  test('is locked after ten wrong attempts', async () => {
    const { request } = await prepare('authority', { ...token, secret: new Uint8Array(32) });
    for (let attempt = 0; attempt < 10; attempt += 1) assert.equal(await codeFor(request), 'token-altered');
    assert.equal(await codeFor((await prepare()).request), 'token-locked');
  });

  test('that was used and then locked still serves the key that used it', async () => {
    const mine = await prepare();
    assert.equal(await codeFor(mine.request), 'ok');
    const { request } = await prepare();
    for (let attempt = 0; attempt < 12; attempt += 1) await codeFor(request);
    assert.equal(await codeFor(request), 'token-locked');
    assert.equal(await codeFor(mine.request), 'ok');
  });

  test('for the realm itself is good for a further relay and for nothing else', async () => {
    const own = await registry.create({
      realm: parseRealmName('acme.ua'),
      tier: 'enterprise',
      rootFingerprint: family.rootFingerprint,
      ancestors: [],
    });
    for (const slot of ['authority', 'relay'] as const)
      assert.equal(await codeFor((await prepare(slot, own)).request), 'token-name');
    assert.equal(await codeFor((await prepare('own-relay')).request), 'token-name');
    const pending = await prepare('own-relay', own);
    assert.equal(issuerOfRequest(decodeEnrolRequest(pending.request)), own.realm);
    const reply = await registry.answer(pending.request);
    const { chainPem } = await acceptReply({ token: own, pending, reply, now, live: true });
    const { realm, role } = await validateLeaf(readChainPem(chainPem), {
      rootFingerprint: family.rootFingerprint,
      now,
    });
    assert.deepEqual([realm, role], ['acme.ua', 'relay']);
  });

  test('is made for a name directly below only', async () => {
    for (const name of ['a.lviv.acme.ua', 'ua', 'acme.pl']) {
      const made = registry.create({
        realm: parseRealmName(name),
        tier: 'branch',
        rootFingerprint: family.rootFingerprint,
        ancestors: [],
      });
      await assert.rejects(made, (error) => codeOf(error) === 'may-not-issue');
    }
  });
});

test('a flood of guesses learns nothing and keeps nobody out', { timeout: 60_000 }, async () => {
  const guess = (await prepare('authority', { ...token, id: '00'.repeat(16) })).request;
  const codes = new Set<string>();
  for (let attempt = 0; attempt < 100; attempt += 1) codes.add(await codeFor(guess));
  assert.deepEqual([...codes], ['token-unknown', 'enrol-busy']);
  assert.equal(await codeFor((await prepare()).request), 'ok');
  now += 60_000;
  assert.equal(await codeFor(guess), 'token-unknown');
});

test('a fault of the store or of the authority is no answer', { timeout: 60_000 }, async () => {
  const failing = new TokenRegistry({
    realm: family.acme,
    now: () => now,
    store: { get: () => Promise.reject(new Error('disk')), put: async () => {} },
    certify: async () => [],
  });
  await assert.rejects(failing.answer((await prepare()).request), /disk/);
});

describe('the newcomer', { timeout: 60_000 }, () => {
  const accept = async (reply: Uint8Array, pending: PendingRequest, live = true) =>
    acceptReply({ token, pending, reply, now, live });

  test('is told the reason of a refusal and what to do', async () => {
    const pending = await prepare();
    for (const code of ['token-used', 'token-expired', 'token-unknown', 'something-new']) {
      const reply = encodeEnrolReply({ kind: 'refused', time: now, code });
      await assert.rejects(
        accept(reply, pending),
        (error: Error & { hint?: string }) => codeOf(error) === code && !!error.hint,
      );
    }
  });

  test('takes no chain of another realm, key or root', async () => {
    const pending = await prepare();
    const { enterprise, keys, kyiv } = family;
    const by = { signer: localSigner(keys.enterprise), chain: enterprise, now, tier: 'branch' } as const;
    const reply = (chain: readonly Uint8Array[]) => encodeEnrolReply({ kind: 'ok', time: now, chain });
    const otherKey = await issueAuthority({ ...by, realm: lviv, publicKey: keys.branch.spki });
    const otherName = await issueAuthority({ ...by, realm: kyiv, publicKey: keys.branch.spki });
    const otherRoot = (await createFamily()).branch;
    await assert.rejects(accept(reply(otherKey), pending), (error) => codeOf(error) === 'enrol-wrong-chain');
    await assert.rejects(accept(reply(otherName), pending), (error) => codeOf(error) === 'enrol-wrong-chain');
    await assert.rejects(accept(reply(otherRoot), pending), (error) => codeOf(error) === 'cert-unknown-root');
  });

  test('learns that its clock is wrong', async () => {
    const pending = await prepare();
    const reply = await registry.answer(pending.request);
    now = NOW - MAX_CLOCK_SKEW - 1;
    await assert.rejects(accept(reply, pending, false), (error) => codeOf(error) === 'clock-skew');
    now = NOW + MAX_CLOCK_SKEW + 1;
    await assert.rejects(accept(reply, pending), (error) => codeOf(error) === 'clock-skew');
    await assert.doesNotReject(accept(reply, pending, false));
  });
});

describe('the bytes of enrolment', { timeout: 60_000 }, () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

  test('round trip', () => {
    const requests = fc.record(
      {
        realm: fc.constant(lviv),
        slot: fc.constantFrom(...SLOTS),
        tokenId: bytes(16).map((value) => Buffer.from(value).toString('hex')),
        csr: fc.uint8Array({ maxLength: 2000 }),
        mac: bytes(32),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(requests, (request) => assert.deepEqual(decodeEnrolRequest(encodeEnrolRequest(request)), request)),
    );
    const chain = fc.array(fc.uint8Array({ maxLength: 500 }), { minLength: 1, maxLength: 5 });
    const time = fc.nat();
    const replies = fc.oneof(
      fc.record({ kind: fc.constant('ok' as const), time, chain }, { noNullPrototype: true }),
      fc.record(
        { kind: fc.constant('refused' as const), time, code: fc.string({ maxLength: 64 }) },
        { noNullPrototype: true },
      ),
    );
    fc.assert(fc.property(replies, (reply) => assert.deepEqual(decodeEnrolReply(encodeEnrolReply(reply)), reply)));
  });

  test('every truncation and any other bytes are refused', async () => {
    const { request } = await prepare();
    for (let length = 0; length < request.length; length += 1)
      assert.throws(() => decodeEnrolRequest(request.subarray(0, length)), PeerError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => assert.throws(() => decodeEnrolReply(any), PeerError)),
    );
    assert.equal(await codeFor(new Uint8Array(5000)), 'enrol-malformed');
  });

  test('a relay reads from a request which realm answers it', async () => {
    assert.equal(issuerOfRequest(decodeEnrolRequest((await prepare()).request)), family.acme);
  });
});
