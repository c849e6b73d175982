// What realms sign beside entries: countersigned heads, incarnations; and what proves fraud.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CHAINS, decodeSigned } from '../../../src/protocols/ledger/entry.ts';
import { decodeProof, proveFraud } from '../../../src/protocols/ledger/fraud.ts';
import { certifyIncarnation, checkIncarnation } from '../../../src/protocols/ledger/incarnation.ts';
import { decodeAliases, decodeKey, encodeAliases, encodeKey } from '../../../src/protocols/ledger/kinds.ts';
import { decodeRow, encodeRow } from '../../../src/protocols/ledger/snapshot.ts';
import { emptyHead, follow } from '../../../src/protocols/ledger/verify.ts';
import { decodeStatement, isStatementSignedBy, signHead } from '../../../src/protocols/ledger/witness.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { acme, authorOf, checkChain, kyiv, lviv, signerOf, text, ua } from './ledger-realm.ts';

const LIMIT = { timeout: 30_000 };
const ID = { realm: kyiv, chain: 'network' } as const;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const plain = { noNullPrototype: true } as const;
const userId = fc.uuid().map(parseUserId);

test('a countersigned head reads back, is signed by its witness and by nobody else', LIMIT, async () => {
  const signer = await signerOf(lviv);
  const head = fc.record(
    {
      witness: fc.constant(lviv),
      realm: fc.constant(kyiv),
      chain: fc.constantFrom(...CHAINS),
      incarnation: fc.nat(),
      n: fc.nat(),
      hash: bytes(32),
      time: fc.maxSafeNat(),
    },
    plain,
  );
  const check = await checkChain();
  const other = await check((await signerOf(acme)).chain, Date.now());
  const key = await check(signer.chain, Date.now());
  await fc.assert(
    fc.asyncProperty(head, fc.nat(), async (value, cut) => {
      const statement = await signHead(value, signer);
      const read = decodeStatement(statement.bytes);
      assert.deepEqual(read.head, statement.head);
      assert.deepEqual([isStatementSignedBy(read, key), isStatementSignedBy(read, other)], [true, false]);
      assert.throws(() => decodeStatement(statement.bytes.slice(0, cut % statement.bytes.length)), {
        code: 'malformed',
      });
    }),
    { numRuns: 30 },
  );
});

test('an incarnation is certified by the realm right above, for the realm that it names', LIMIT, async () => {
  const check = await checkChain();
  const kept = [{ chain: 'network', n: 7 }] as const;
  const wanted = { realm: kyiv, incarnation: 2, time: Date.now(), kept };
  const certificate = await certifyIncarnation(wanted, await signerOf(acme));
  assert.deepEqual(await checkIncarnation(certificate, check), wanted);
  for (const realm of [ua, lviv, kyiv]) {
    const forged = await certifyIncarnation(wanted, await signerOf(realm));
    await assert.rejects(checkIncarnation(forged, check), { code: 'incarnation-invalid' }, realm);
  }
  const own = { ...wanted, realm: ua };
  assert.deepEqual(await checkIncarnation(await certifyIncarnation(own, await signerOf(ua)), check), own);
  for (let cut = 0; cut < certificate.length; cut += 97) {
    await assert.rejects(checkIncarnation(certificate.slice(0, cut), check), { code: 'malformed' });
  }
});

test('a chain goes on in a higher incarnation only behind its certificate', LIMIT, async () => {
  const check = await checkChain();
  const signer = await signerOf(kyiv);
  const author = await authorOf(ID, { signer });
  await author.chain.append({ kind: 'note', payload: text('a') });
  const head = await author.store.head(ID);
  const bare = await authorOf(ID, { signer, incarnation: 2 });
  await assert.rejects(bare.chain.append({ kind: 'note', payload: text('b') }), { code: 'ledger-invalid' });
  const certificate = await certifyIncarnation(
    { realm: kyiv, incarnation: 2, time: Date.now(), kept: [] },
    await signerOf(acme),
  );
  const other = await authorOf(ID, { signer, incarnation: 2, certificate });
  await other.chain.append({ kind: 'note', payload: text('c') });
  const begun = await other.store.get(ID, 1);
  assert.ok(begun);
  assert.equal((await follow(emptyHead(ID), begun, check)).incarnation, 2);
  await assert.rejects(follow(head, begun, check), { code: 'ledger-invalid' });
});

test(
  'what is no fraud proves none: the same entry, other numbers, other realms, other incarnations, foreign keys',
  LIMIT,
  async () => {
    const check = await checkChain();
    const signer = await signerOf(kyiv);
    const [one, two] = [await authorOf(ID, { signer }), await authorOf(ID, { signer })];
    await one.chain.append({ kind: 'note', payload: text('a') });
    await two.chain.append({ kind: 'note', payload: text('b') });
    const read = async (author: typeof one, n: number) => {
      const [found = new Uint8Array()] = await author.store.read(ID, n, 1, 1);
      return decodeSigned(found);
    };
    const [a, b, key] = [await read(one, 2), await read(two, 2), await read(one, 1)];
    const foreign = (await signerOf(lviv)).chain;
    const proof = await proveFraud([a, signer.chain], [b, signer.chain], check);
    assert.deepEqual((await decodeProof(proof.bytes, check)).n, 2);
    const twice = await proveFraud([b, signer.chain], [a, signer.chain], check);
    assert.deepEqual(twice.bytes, proof.bytes);
    const code = { code: 'ledger-no-proof' };
    await assert.rejects(proveFraud([a, signer.chain], [a, signer.chain], check), code);
    await assert.rejects(proveFraud([a, signer.chain], [key, signer.chain], check), code);
    await assert.rejects(proveFraud([a, signer.chain], [b, foreign], check), code);
    for (let cut = 0; cut < proof.bytes.length; cut += 97) {
      await assert.rejects(decodeProof(proof.bytes.slice(0, cut), check), { code: 'malformed' });
    }
  },
);

test('keys with and without an incarnation, aliases and rows read back', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 99 }),
      fc.option(fc.uint8Array({ maxLength: 99 }), { nil: undefined }),
      (chain, incarnation) => assert.deepEqual(decodeKey(encodeKey(chain, incarnation)), { chain, incarnation }),
    ),
  );
  const aliases = fc.record(
    {
      granted: fc.array(userId, { maxLength: 8 }),
      refused: fc.array(fc.record({ id: userId, holder: userId }, plain), { maxLength: 8 }),
    },
    plain,
  );
  fc.assert(fc.property(aliases, (value) => assert.deepEqual(decodeAliases(encodeAliases(value)), value)));
  const row = fc.record(
    { n: fc.nat(), time: fc.maxSafeNat(), kind: fc.string({ maxLength: 40 }), payload: bytes(50) },
    plain,
  );
  fc.assert(
    fc.property(row, (value) => assert.deepEqual(decodeRow(ID, encodeRow({ ...ID, ...value })), { ...ID, ...value })),
  );
});
