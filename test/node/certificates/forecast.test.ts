// The expiry forecast: states, who renews, and what the operator is told.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type ForecastParts, forecast, forecastWarnings } from '../../../node/certificates/forecast.ts';
import { encodeChain } from '../../../src/pki/chain.ts';
import { keyName } from '../../../src/pki/keys.ts';
import { LIFETIME } from '../../../src/pki/profile.ts';
import { createFamily, type Family, NOW } from '../../pki/family.ts';

const DAY = 24 * 60 * 60 * 1000;
let family: Family;

before(async () => {
  family = await createFamily();
});

function parts(now: number, more: Partial<ForecastParts> = {}): ForecastParts {
  return {
    realm: family.kyiv,
    authority: family.branch,
    leaves: [{ role: 'node', chain: family.node }],
    lan: [],
    others: [],
    lastErrors: {},
    isRevoked: () => false,
    now,
    ...more,
  };
}

const states = (now: number, more: Partial<ForecastParts> = {}): string[] =>
  forecast(parts(now, more)).map(({ kind, realm, state }) => `${kind} ${realm} ${state}`);

test('own certificates are told from the root down, and the leaf last', () => {
  assert.deepEqual(states(NOW), [
    'root ua valid',
    'authority ua valid',
    'authority acme.ua valid',
    'authority kyiv.acme.ua valid',
    'node kyiv.acme.ua valid',
  ]);
});

test('realms above that the ledger knows too are told once, with the certificate that they have now', async () => {
  const certified = { tier: 'enterprise', issuer: family.ua, relays: [] } as const;
  const others = [
    { ...certified, realm: family.acme, chain: encodeChain(family.enterprise) },
    {
      ...certified,
      realm: family.kyiv,
      tier: 'branch' as const,
      issuer: family.acme,
      chain: encodeChain(family.branch),
    },
  ];
  assert.deepEqual(states(NOW, { others }), states(NOW));
  const renewed = await createFamily();
  const rows = states(NOW, { others: [{ ...certified, realm: family.acme, chain: encodeChain(renewed.enterprise) }] });
  assert.deepEqual(
    rows.filter((row) => row === 'authority acme.ua valid'),
    ['authority acme.ua valid', 'authority acme.ua valid'],
  );
});

test('everything renews itself when a third of its life is left, but for the root and the authority below it', () => {
  const rows = forecast(parts(NOW));
  assert.deepEqual(
    rows.map(({ renewsAt }) => renewsAt !== undefined),
    [false, false, true, true, true],
  );
  assert.equal(rows.at(-1)?.renewsAt, NOW + (LIFETIME.leaf / 3) * 2);
  assert.equal(states(NOW + 19 * DAY).at(-1), 'node kyiv.acme.ua valid');
  assert.equal(states(NOW + 21 * DAY).at(-1), 'node kyiv.acme.ua due');
  assert.equal(states(NOW + 31 * DAY).at(-1), 'node kyiv.acme.ua expired');
});

test('a region warns of its authority half a year before the end, since nobody renews it', () => {
  const region = { realm: family.ua, authority: family.region, leaves: [] };
  const told = (now: number): string[] => forecastWarnings(forecast(parts(now, region)), family.ua, now);
  assert.deepEqual(told(NOW + LIFETIME.authority - 200 * DAY), []);
  assert.match(
    told(NOW + LIFETIME.authority - 100 * DAY)[0] ?? '',
    /authority of ua ends in 100 days: it does not renew itself/,
  );
});

test('what renews itself is told of when it has not, with the last error', () => {
  const late = NOW + 25 * DAY;
  const rows = forecast(parts(late, { lastErrors: { leaf: 'no signer' } }));
  assert.match(
    forecastWarnings(rows, family.kyiv, late).join(),
    /node of kyiv\.acme\.ua ends in 5 days and has not renewed itself; last try failed: no signer/,
  );
  const early = NOW + 21 * DAY;
  assert.deepEqual(forecastWarnings(forecast(parts(early)), family.kyiv, early), []);
});

test('a revoked realm is named to everybody, and to itself with what it means', () => {
  const certified = {
    realm: family.kyiv,
    tier: 'branch',
    issuer: family.acme,
    chain: encodeChain(family.branch),
    relays: [],
  } as const;
  const [serial] = forecast(parts(NOW)).filter(({ realm, kind }) => realm === family.kyiv && kind === 'authority');
  const isRevoked: ForecastParts['isRevoked'] = (one, issuer) =>
    one === serial?.serial && issuer === keyName(family.keys.enterprise.spki);
  const enterprise = { realm: family.acme, authority: family.enterprise, leaves: [], others: [certified], isRevoked };
  assert.deepEqual(forecastWarnings(forecast(parts(NOW, enterprise)), family.acme, NOW), [
    'certificate of the authority of kyiv.acme.ua was revoked',
  ]);
  assert.match(
    forecastWarnings(forecast(parts(NOW, { isRevoked })), family.kyiv, NOW).join(),
    /nobody admits it any more/,
  );
});
