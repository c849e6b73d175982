// What is said before an authority gets another key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planJson, planLines, replacementPlan } from '../../../cli/cert/replacement-plan.ts';
import type { CertificateRow } from '../../../node/admin/cert-api.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const UNTIL = Date.UTC(2029, 0, 2);

function row(
  kind: CertificateRow['kind'],
  realm: string,
  issuer: string,
  more: Partial<CertificateRow> = {},
): CertificateRow {
  const names = { realm: parseRealmName(realm), issuer: parseRealmName(issuer) };
  return { kind, ...names, serial: `${kind.length}a`, notBefore: 0, notAfter: UNTIL, state: 'valid', ...more };
}

const ABOVE = [row('root', 'ua', 'ua'), row('authority', 'ua', 'ua')];
const OWN = row('authority', 'acme.ua', 'ua', { serial: '4a01' });
const OLD = row('authority', 'acme.ua', 'ua', { serial: '4a00', state: 'replaced' });
const REST = [
  row('node', 'acme.ua', 'acme.ua'),
  row('authority', 'kyiv.acme.ua', 'acme.ua'),
  row('authority', 'beta.ua', 'ua'),
];

test('the key that goes, until when it stays good, and the realms right below are named', () => {
  const plan = replacementPlan([...ABOVE, OWN, ...REST], false);
  assert.deepEqual(planJson(plan), {
    realm: 'acme.ua',
    replaces: '4a01',
    until: '2029-01-02T00:00:00.000Z',
    moves: ['kyiv.acme.ua'],
    moveNow: false,
  });
  assert.match(planLines(plan).join('\n'), /4a01.*2029-01-02[\s\S]*ordinary renewal: kyiv\.acme\.ua$/);
});

test('while one was replaced there is no third; what is below can only be hurried', () => {
  assert.throws(() => replacementPlan([...ABOVE, OWN, OLD, ...REST], false), { code: 'authority-overlap' });
  const plan = replacementPlan([...ABOVE, OWN, OLD, ...REST], true);
  assert.equal(plan.isHurry, true);
  assert.deepEqual(planJson(plan), { realm: 'acme.ua', moves: ['kyiv.acme.ua'], moveNow: true });
  assert.match(planLines(plan).join('\n'), /not replaced again[\s\S]*at once: kyiv\.acme\.ua$/);
});

test('a region has its root above it, and a realm without any below moves nothing', () => {
  const plan = replacementPlan([...ABOVE, row('node', 'ua', 'ua')], false);
  assert.deepEqual([plan.present.realm, plan.below], ['ua', []]);
  assert.match(planLines(plan).join('\n'), /: nothing$/);
});
