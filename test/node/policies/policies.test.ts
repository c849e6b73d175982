// Policies of a lineage, and who may write to whom by them and by trusts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { UserProfile } from '../../../node/directory/directory.ts';
import type { Fact } from '../../../node/ledger/ledger.ts';
import { NodeMessageRules } from '../../../node/policies/node-message-rules.ts';
import { Policies } from '../../../node/policies/policies.ts';
import {
  decodePolicy,
  encodePolicy,
  limitOf,
  matches,
  POLICY,
  parsePattern,
} from '../../../src/protocols/policy/index.ts';
import type { Terms } from '../../../src/protocols/trust/index.ts';
import { CanopyError } from '../../../src/realm/errors.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { parseLogin, parseUserAddress } from '../../../src/realm/user-address.ts';

const [UA, ACME, KYIV, LVIV, ODESA] = ['ua', 'acme.ua', 'kyiv.acme.ua', 'lviv.acme.ua', 'odesa.beta.ua'].map(
  parseRealmName,
);
if (!UA || !ACME || !KYIV || !LVIV || !ODESA) throw new Error('no realms');

async function lineage(self: RealmName) {
  const listeners = new Set<(fact: Fact) => void>();
  let n = 0;
  const write = (realm: RealmName, payload: Uint8Array): void => {
    n++;
    for (const listener of listeners) listener({ realm, chain: 'network', n, time: n, kind: POLICY, payload });
  };
  const audited: string[] = [];
  const policies = new Policies(self, {
    ledger: { append: async ({ payload }) => write(self, payload) },
    audit: { record: async ({ code }) => void audited.push(code) },
    log: silentLog,
  });
  await policies.follow({
    watch: async (_, listener) => {
      listeners.add(listener);
      return () => {};
    },
  });
  const set = (realm: RealmName, values: string[]): void =>
    write(realm, encodePolicy({ name: 'destinations', values }));
  return { policies, set, write, audited };
}

test('a policy reads back, and none of its truncations does', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z.*]{1,30}$/), { maxLength: 6 }), (values) => {
      const policy = { name: 'destinations', values };
      assert.deepEqual(decodePolicy(encodePolicy(policy)), policy);
    }),
  );
  const whole = encodePolicy({ name: 'destinations', values: ['*.acme.ua'] });
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => decodePolicy(whole.subarray(0, length)), CanopyError);
  }
  assert.equal(
    Buffer.from(encodePolicy({ name: 'findable', values: ['*'] })).toString('hex'),
    '83016866696e6461626c6581612a',
  );
});

test('a value is all, one realm, or a realm with those below it', () => {
  assert.deepEqual(
    ['*', 'kyiv.acme.ua', '*.acme.ua', 'acme.ua', '*.lviv.acme.ua', 'nonsense!'].map((value) => matches(value, KYIV)),
    [true, true, true, false, false, false],
  );
  assert.equal(matches('*.acme.ua', ACME), true);
  assert.equal(matches('*.acme.ua', parseRealmName('notacme.ua')), false);
  for (const bad of ['', 'UA', '*.', '**', 'acme.*'])
    assert.throws(() => parsePattern(bad), { code: 'bad-realm-pattern' });
});

test('a rule of an enterprise holds in its branches, and each realm above must allow', async () => {
  const { policies, set } = await lineage(KYIV);
  assert.equal(policies.forbids('destinations', ODESA), undefined);
  set(ACME, ['*.acme.ua', 'odesa.beta.ua']);
  assert.equal(policies.forbids('destinations', ODESA), undefined);
  assert.equal(policies.forbids('destinations', parseRealmName('kyiv.beta.ua')), ACME);
  set(KYIV, ['*.acme.ua']);
  assert.equal(policies.forbids('destinations', ODESA), KYIV);
  assert.equal(policies.forbids('destinations', LVIV), undefined);
  set(KYIV, []);
  assert.equal(policies.forbids('destinations', ODESA), undefined, 'taken back');
  set(UA, ['*.acme.ua']);
  assert.equal(policies.forbids('destinations', ODESA), UA);
  assert.equal(policies.forbids('destinations', KYIV), undefined, 'one’s own realm is always allowed');
});

test('rules of other realms, malformed ones and older ones count for nothing', async () => {
  const { policies, set, write } = await lineage(KYIV);
  set(LVIV, ['lviv.acme.ua']);
  set(ODESA, ['lviv.acme.ua']);
  write(ACME, Uint8Array.of(1));
  assert.deepEqual(policies.get('destinations').rules, []);
});

test('what the operator sets is checked, appended and audited', async () => {
  const { policies, audited } = await lineage(KYIV);
  const view = await policies.set('destinations', ['*.acme.ua', '*.acme.ua']);
  assert.deepEqual(
    view.rules.map(({ realm, values }) => [realm, values]),
    [[KYIV, ['*.acme.ua']]],
  );
  assert.deepEqual(audited, ['policy-set']);
  await assert.rejects(policies.set('moods', ['*']), { code: 'policy-unknown' });
  await assert.rejects(policies.set('destinations', ['?']), { code: 'bad-realm-pattern' });
});

const person = (address: string): UserProfile => {
  const parsed = parseUserAddress(address);
  const id = parseUserId('00000000-0000-4000-8000-000000000001');
  return { id, address: parsed, name: parsed.login, kind: 'person', home: parsed.realm, status: 'active' };
};
const TERMS: Terms = {
  id: '00'.repeat(16),
  proposer: KYIV,
  accepter: ODESA,
  direction: 'both',
  from: 0,
  until: 1,
  proposerPeople: [],
  accepterPeople: [],
  presence: false,
};
const clerk = person('clerk@kyiv.acme.ua');
const sales = person('sales@odesa.beta.ua');

function rules(terms: Terms | undefined, forbidden?: RealmName): NodeMessageRules {
  const policies = { forbids: (_: string, realm: RealmName) => (realm === forbidden ? ACME : undefined) };
  return new NodeMessageRules(KYIV ?? clerk.home, policies, {
    termsWith: (realm) => (realm === ODESA ? terms : undefined),
  });
}

test('a destination that a policy forbids is named so, whatever a trust says', () => {
  assert.equal(rules(undefined, ODESA).outgoing(clerk, sales), 'destination-forbidden');
  assert.equal(rules(TERMS, ODESA).outgoing(clerk, sales), 'destination-forbidden');
  assert.equal(rules(undefined).outgoing(clerk, sales), undefined, 'without a trust mail goes by the tiers');
});

test('a trust is the law between its realms, both ways, at the sender and at the receiver', () => {
  const outward = rules({ ...TERMS, direction: 'outward' });
  assert.deepEqual([outward.outgoing(clerk, sales), outward.incoming(sales, ODESA, clerk)], [undefined, 'trust-scope']);
  const inward = rules({ ...TERMS, direction: 'inward' });
  assert.deepEqual([inward.outgoing(clerk, sales), inward.incoming(sales, ODESA, clerk)], ['trust-scope', undefined]);
  const named = rules({ ...TERMS, accepterPeople: [parseLogin('boss')] });
  assert.equal(named.incoming(sales, ODESA, clerk), 'trust-scope');
  assert.equal(named.incoming(person('boss@odesa.beta.ua'), ODESA, clerk), undefined);
  assert.equal(rules(undefined).incoming(undefined, ODESA, clerk), undefined);
});

test('a sender whom nobody knows yet is let in only where it makes no difference who it is', () => {
  const unknown = (terms: Partial<Terms>) => rules({ ...TERMS, ...terms }).incoming(undefined, ODESA, clerk);
  assert.equal(unknown({}), undefined);
  assert.equal(unknown({ direction: 'outward' }), 'trust-scope');
  assert.equal(unknown({ proposerPeople: [parseLogin('head')] }), 'trust-scope', 'not to this one anyhow');
  const named = { accepterPeople: [parseLogin('boss')] };
  assert.throws(() => unknown(named), { code: 'sender-unresolved' });
  const gone = rules({ ...TERMS, ...named }).incoming('nobody', ODESA, clerk);
  assert.equal(gone, 'trust-scope', 'whom the home does not know is none of those named, and holds up nobody');
});

test('of limits the least of the lineage counts, and one that is not understood allows nothing', async () => {
  const { policies, write } = await lineage(KYIV);
  const set = (realm: RealmName, values: string[]): void => write(realm, encodePolicy({ name: 'file-size', values }));
  assert.equal(policies.limit('file-size'), undefined);
  set(UA, ['2G']);
  set(ACME, ['500M']);
  assert.equal(policies.limit('file-size'), 500 * 1024 ** 2);
  await policies.set('file-size', ['1G']);
  assert.equal(policies.limit('file-size'), 500 * 1024 ** 2);
  set(ACME, []);
  assert.equal(policies.limit('file-size'), 1024 ** 3);
  set(UA, ['plenty']);
  assert.equal(policies.limit('file-size'), 0);
  assert.equal(limitOf('file-retention', '30d'), 30 * 86_400_000);
  assert.equal(limitOf('message-retention', '1d'), 86_400_000);
  assert.equal(limitOf('message-size', '8K'), 8192);
  for (const bad of ['', '0G', '1', '1g', '-1G', '1.5G', '30d', '1G 2G']) {
    assert.equal(limitOf('file-size', bad), undefined, bad);
    await assert.rejects(policies.set('file-size', [bad]), { code: 'bad-limit' });
  }
  await assert.rejects(policies.set('file-size', ['1G', '2G']), { code: 'bad-limit' });
  await assert.rejects(policies.set('file-retention', ['1G']), { code: 'bad-limit' });
});

test('a time that is not understood erases nothing', async () => {
  const { policies, write } = await lineage(KYIV);
  for (const name of ['message-retention', 'file-retention'] as const) {
    write(UA, encodePolicy({ name, values: ['until the moon is full'] }));
    assert.equal(policies.limit(name), undefined);
    write(ACME, encodePolicy({ name, values: ['90d'] }));
    assert.equal(policies.limit(name), 90 * 86_400_000);
  }
});

test('what any realm of the lineage hides is hidden', async () => {
  const { policies, write } = await lineage(KYIV);
  assert.equal(policies.hides('read'), false);
  write(UA, encodePolicy({ name: 'hidden', values: ['read'] }));
  await policies.set('hidden', ['presence', 'presence']);
  assert.deepEqual(
    (['delivered', 'read', 'presence'] as const).map((what) => policies.hides(what)),
    [false, true, true],
  );
  await assert.rejects(policies.set('hidden', ['everything']), { code: 'bad-word' });
  await policies.set('hidden', []);
  assert.deepEqual([policies.hides('read'), policies.hides('presence')], [true, false]);
});
