// What a snapshot keeps of trusts: those that may still be in force, and of the others that they were removed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Fact } from '../../../src/protocols/ledger/entry.ts';
import { decodeRow, Standing } from '../../../src/protocols/ledger/snapshot.ts';
import { encodeAgreement, encodeRemoval } from '../../../src/protocols/trust/codec.ts';
import { TRUST, TRUST_REMOVED, type TrustId } from '../../../src/protocols/trust/index.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { kyiv } from './ledger-realm.ts';

const ID = { realm: kyiv, chain: 'network' } as const;
const ODESA = parseRealmName('odesa.beta.ua');
const signature = { time: 1, chain: new Uint8Array(3), signature: new Uint8Array(64) };
const trustId = (n: number): TrustId => n.toString(16).padStart(32, '0') as TrustId;

interface Act {
  readonly kind: typeof TRUST | typeof TRUST_REMOVED | 'note';
  readonly id: number;
  readonly until: number;
}

function payloadOf({ kind, id, until }: Act): Uint8Array {
  if (kind === TRUST_REMOVED) return encodeRemoval({ id: trustId(id), realm: kyiv, time: 1 });
  if (kind === 'note') return Uint8Array.of(id);
  const terms = { id: trustId(id), proposer: kyiv, accepter: ODESA, direction: 'both' as const, from: 0, until };
  const people = { proposerPeople: [], accepterPeople: [], presence: false };
  return encodeAgreement({ terms: { ...terms, ...people }, proposed: signature, accepted: signature });
}

/** Entry n is written at the time n. */
const factsOf = (acts: readonly Act[]): Fact[] =>
  acts.map((act, i) => ({ ...ID, n: i + 1, time: i + 1, kind: act.kind, payload: payloadOf(act) }));

function rowsOf(facts: readonly Fact[]): Uint8Array[] {
  const standing = new Standing();
  for (const fact of facts) standing.take(fact);
  return standing.rows();
}

const numbers = (rows: readonly Uint8Array[]) => rows.map((row) => decodeRow(ID, row).n);

test('a trust that is over or was removed leaves the snapshot, its removal stays and keeps it from coming back', () => {
  const facts = factsOf([
    { kind: TRUST, id: 1, until: 4 },
    { kind: TRUST, id: 2, until: 100 },
    { kind: TRUST, id: 3, until: 100 },
    { kind: TRUST_REMOVED, id: 2, until: 0 },
    { kind: TRUST, id: 2, until: 100 },
  ]);
  assert.deepEqual(numbers(rowsOf(facts.slice(0, 3))), [1, 2, 3]);
  assert.deepEqual(numbers(rowsOf(facts)), [3, 4]);
});

test('the rows are the same from the whole chain and from an older snapshot and what followed', () => {
  const act = fc.record({
    kind: fc.constantFrom(TRUST, TRUST_REMOVED, 'note' as const),
    id: fc.nat({ max: 4 }),
    until: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 15 }), fc.array(act, { minLength: 1, maxLength: 15 }), (before, after) => {
      const facts = factsOf([...before, ...after]);
      const older = rowsOf(facts.slice(0, before.length)).map((row) => decodeRow(ID, row));
      assert.deepEqual(rowsOf([...older, ...facts.slice(before.length)]), rowsOf(facts));
    }),
  );
});
