// Making and ending trusts between realms of two enterprises: by errands, by lines, and against who lies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLine } from '../../../src/pki/pasteable.ts';
import { signAcceptance, signProposal } from '../../../src/protocols/trust/agreement.ts';
import { decodeAgreement, encodeAgreement, encodeRemoval, encodeTrustId } from '../../../src/protocols/trust/codec.ts';
import {
  ACCEPTANCE_ERRAND,
  PROPOSAL_ERRAND,
  PROPOSAL_LIFETIME,
  REMOVAL_ERRAND,
  type Terms,
  TRUST,
  TRUST_REMOVED,
} from '../../../src/protocols/trust/index.ts';
import { ACME, BETA, KYIV, LVIV, ODESA, UA } from '../errands/errand-tree.ts';
import { agreed, cast, isTold, LIMIT, never, signerOf, states, until } from './trust-cast.ts';
import { type TrustRealm } from './trust-world.ts';

test(
  'proposed by one and accepted by the other it is in force for both, and for who stands above them',
  LIMIT,
  async (t) => {
    const actors = await cast(t);
    const { world, ua, kyiv, odesa, lviv } = actors;
    const proposed = await kyiv.trusts.propose(world.wish(ODESA, { direction: 'outward' }));
    assert.deepEqual([proposed.trust.state, proposed.untold], ['proposed', undefined]);
    assert.deepEqual([await states(kyiv), await states(odesa)], [['proposed'], ['received']]);
    assert.equal(kyiv.table.trustWith(ODESA), undefined, 'one signature is no trust');
    const accepted = await odesa.trusts.accept(KYIV);
    assert.deepEqual([accepted.trust.state, accepted.untold], ['in-force', undefined]);
    assert.deepEqual([await states(kyiv), await states(odesa)], [['in-force'], ['in-force']]);
    assert.equal(kyiv.table.trustWith(ODESA)?.direction, 'outward');
    assert.equal(odesa.table.trustWith(KYIV)?.direction, 'inward');
    assert.equal(ua.table.arePartners(KYIV, ODESA), true);
    assert.deepEqual([ua.table.partners(), lviv.table.partners()], [[], []]);
    assert.equal(ua.table.agreements().length, 1, 'the common ancestor tells its relay');
    assert.deepEqual(
      world.entries.map(({ realm, kind }) => `${realm} ${kind}`),
      ['odesa.beta.ua trust', 'kyiv.acme.ua trust'],
    );
    assert.deepEqual(
      kyiv.events.map(({ code }) => code),
      ['trust-proposed', 'trust-made'],
    );
  },
);

test('either side ends it for both, for ever', LIMIT, async (t) => {
  for (const who of ['kyiv', 'odesa'] as const) {
    const actors = await cast(t);
    const id = await agreed(actors);
    const { kyiv, odesa, ua, world } = actors;
    const changes: string[] = [];
    kyiv.table.onChange(() => changes.push('kyiv'));
    odesa.table.onChange(() => changes.push('odesa'));
    const remover = actors[who];
    await remover.trusts.remove(id.slice(0, 8));
    assert.deepEqual([kyiv.table.trustWith(ODESA), odesa.table.trustWith(KYIV)], [undefined, undefined]);
    assert.equal(ua.table.arePartners(KYIV, ODESA), false);
    assert.deepEqual(changes.toSorted(), ['kyiv', 'odesa']);
    for (const side of [kyiv, odesa]) {
      const [view] = await side.trusts.list();
      assert.deepEqual([view?.state, view?.removedBy], ['removed', remover.realm]);
    }
    // A replay of the agreement, on either chain or by errand, brings nothing back.
    const entry = world.entries.find(({ kind }) => kind === TRUST);
    assert.ok(entry);
    world.write(KYIV, TRUST, entry.payload);
    world.write(ODESA, TRUST, entry.payload);
    await kyiv.table.settled();
    await odesa.table.settled();
    assert.deepEqual([kyiv.table.partners(), odesa.table.partners()], [[], []]);
    await assert.rejects(odesa.errands.ask(KYIV, ACCEPTANCE_ERRAND, entry.payload, never), { code: 'trust-over' });
    await assert.rejects(kyiv.trusts.accept(encodeLine('canopy-trust1', entry.payload)), { code: 'trust-over' });
  }
});

test('a side that was away hears of the removal when a way is back', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, kyiv, odesa } = actors;
  const id = await agreed(actors);
  world.tree.network.down(KYIV);
  const removed = await odesa.trusts.remove(id);
  assert.equal(removed.untold, 'no-way');
  assert.equal((await odesa.trusts.list())[0]?.untold, true);
  assert.equal(kyiv.table.trustWith(ODESA)?.realm, ODESA, 'it does not know yet');
  world.tree.network.up(KYIV);
  await until(() => isTold(odesa));
  assert.equal(kyiv.table.trustWith(ODESA), undefined);
  assert.equal((await odesa.trusts.list())[0]?.untold, false);
});

test('what waits to be told survives a restart, and is tried again by the clock', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, kyiv, odesa } = actors;
  await agreed(actors);
  world.tree.network.down(ACME);
  await odesa.trusts.remove(KYIV);
  await odesa.stop();
  const before = world.tree.network.tried;
  const again = await world.open(ODESA, odesa);
  t.after(() => again.stop());
  await until(() => world.tree.network.tried > before);
  world.tree.network.up(ACME);
  await until(async () => {
    world.tree.clock.advance(60_000);
    return isTold(again);
  });
  assert.deepEqual(await states(kyiv), ['removed']);
  assert.deepEqual(await states(again), ['removed']);
});

test('a removal on the partner’s chain ends it, though nobody told', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, ua } = actors;
  const id = await agreed(actors);
  world.write(KYIV, TRUST_REMOVED, encodeRemoval({ id, realm: KYIV, time: 1 }));
  await ua.table.settled();
  assert.equal(ua.table.arePartners(KYIV, ODESA), false);
});

test('who is no party can’t remove it, by errand or by its chain', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, ua, kyiv, lviv } = actors;
  const id = await agreed(actors);
  await assert.rejects(lviv.errands.ask(KYIV, REMOVAL_ERRAND, encodeTrustId(id), never), { code: 'not-a-party' });
  world.write(LVIV, TRUST_REMOVED, encodeRemoval({ id, realm: KYIV, time: 1 }));
  await ua.table.settled();
  assert.equal(ua.table.arePartners(KYIV, ODESA), true);
  assert.equal(kyiv.table.trustWith(ODESA)?.realm, ODESA);
});

test('where errands can’t pass, proposal and acceptance are handed over as lines', LIMIT, async (t) => {
  const { world, kyiv, odesa } = await cast(t);
  world.tree.network.down(UA);
  const proposed = await kyiv.trusts.propose(world.wish(ODESA));
  assert.equal(proposed.untold, 'no-way');
  assert.ok(proposed.line);
  const preview = await odesa.trusts.accept(proposed.line, { dryRun: true });
  assert.deepEqual([preview.trust.realm, await states(odesa)], [KYIV, []]);
  const accepted = await odesa.trusts.accept(proposed.line);
  assert.ok(accepted.line);
  assert.deepEqual([await states(kyiv), await states(odesa)], [['proposed'], ['in-force']]);
  await kyiv.trusts.accept(accepted.line);
  assert.deepEqual(await states(kyiv), ['in-force']);
  await assert.rejects(kyiv.trusts.accept(`${proposed.line.slice(0, -8)}AAAAAAAA`), { code: 'token-mistyped' });
});

test('a proposal can be declined, and withdrawn before it is accepted', LIMIT, async (t) => {
  const { world, kyiv, odesa } = await cast(t);
  await kyiv.trusts.propose(world.wish(ODESA));
  await assert.rejects(kyiv.trusts.propose(world.wish(ODESA)), { code: 'trust-conflict' });
  await odesa.trusts.decline(KYIV);
  assert.deepEqual([await states(kyiv), await states(odesa)], [['declined'], ['declined']]);
  await assert.rejects(odesa.trusts.accept(KYIV), { code: 'trust-unknown' });
  const second = await kyiv.trusts.propose(world.wish(ODESA));
  await kyiv.trusts.remove(second.trust.id);
  await assert.rejects(odesa.trusts.accept(second.trust.id), { code: 'trust-unknown' });
  assert.deepEqual([kyiv.table.partners(), odesa.table.partners()], [[], []]);
});

test('an acceptance that crosses the withdrawal makes no trust on either side', LIMIT, async (t) => {
  const { world, kyiv, odesa } = await cast(t);
  const { trust } = await kyiv.trusts.propose(world.wish(ODESA));
  world.tree.network.down(KYIV);
  await kyiv.trusts.remove(trust.id);
  const accepted = await odesa.trusts.accept(trust.id);
  assert.equal(accepted.trust.state, 'in-force', 'as far as it knows');
  world.tree.network.up(KYIV);
  await until(async () => (await isTold(kyiv)) && (await isTold(odesa)));
  assert.deepEqual([kyiv.table.partners(), odesa.table.partners()], [[], []]);
  assert.deepEqual(await states(odesa), ['removed']);
});

test('kin, oneself, another root and a second trust are refused', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, kyiv } = actors;
  const propose = (realm: string) => kyiv.trusts.propose(world.wish(realm as typeof KYIV));
  await assert.rejects(propose(KYIV), { code: 'own-realm' });
  await assert.rejects(propose(LVIV), { code: 'already-kin' });
  await assert.rejects(propose(UA), { code: 'already-kin' });
  await assert.rejects(propose('odesa.beta.pl'), { code: 'another-root' });
  await assert.rejects(kyiv.trusts.propose(world.wish(ODESA, { until: 1 })), { code: 'bad-expiry' });
  await agreed(actors);
  await assert.rejects(propose(ODESA), { code: 'trust-conflict' });
});

test('a dry run changes nothing anywhere', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, kyiv, odesa } = actors;
  await kyiv.trusts.propose(world.wish(ODESA), { dryRun: true });
  assert.deepEqual([await states(kyiv), await states(odesa)], [[], []]);
  await kyiv.trusts.propose(world.wish(ODESA));
  await odesa.trusts.accept(KYIV, { dryRun: true });
  assert.deepEqual(await states(odesa), ['received']);
  await odesa.trusts.accept(KYIV);
  await odesa.trusts.remove(KYIV, { dryRun: true });
  assert.deepEqual([await states(kyiv), await states(odesa)], [['in-force'], ['in-force']]);
});

test('a proposal in the name of another, or that another hands over, is refused', LIMIT, async (t) => {
  const { world, kyiv, lviv, odesa } = await cast(t);
  const terms = (change: Partial<Terms>): Terms => ({
    id: '22'.repeat(16),
    proposer: KYIV,
    accepter: ODESA,
    direction: 'both',
    from: world.tree.clock.now(),
    until: world.tree.clock.now() + 1_000_000,
    proposerPeople: [],
    accepterPeople: [],
    presence: false,
    ...change,
  });
  const send = (from: TrustRealm, change: Partial<Terms>, signer = from) => {
    const proposal = signProposal(terms(change), signerOf(signer), world.tree.clock.now());
    return from.errands.ask(ODESA, PROPOSAL_ERRAND, encodeAgreement(proposal), never);
  };
  await assert.rejects(send(lviv, {}), { code: 'origin-foreign' }, 'its own key under another name');
  await assert.rejects(send(lviv, {}, kyiv), { code: 'not-a-party' }, 'what another has signed');
  await assert.rejects(send(kyiv, { accepter: BETA }), { code: 'not-a-party' }, 'meant for another');
  // An acceptance of what nobody here proposed, with two good signatures.
  const foreign = signAcceptance(
    signProposal(terms({}), signerOf(kyiv), 1 + terms({}).from),
    signerOf(odesa),
    terms({}).from,
  );
  await assert.rejects(odesa.errands.ask(KYIV, ACCEPTANCE_ERRAND, encodeAgreement(foreign), never), {
    code: 'trust-unknown',
  });
  assert.deepEqual([await states(kyiv), await states(odesa)], [[], []]);
});

test('an acceptance with other terms than were proposed is refused', LIMIT, async (t) => {
  const { world, kyiv, odesa } = await cast(t);
  const { line } = await kyiv.trusts.propose(world.wish(ODESA, { direction: 'outward' }));
  assert.ok(line);
  const proposal = decodeAgreement(Buffer.from(line.split('.')[1] ?? '', 'base64url'));
  const widened = { ...proposal, terms: { ...proposal.terms, direction: 'both' as const } };
  const forged = encodeAgreement(signAcceptance(widened, signerOf(odesa), world.tree.clock.now()));
  await assert.rejects(odesa.errands.ask(KYIV, ACCEPTANCE_ERRAND, forged, never), { code: 'signature-bad' });
  assert.deepEqual(await states(kyiv), ['proposed']);
});

test('an entry with one forged signature, or of who is no party, counts for nobody', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, ua, kyiv, lviv } = actors;
  const now = world.tree.clock.now();
  const base = {
    id: '33'.repeat(16),
    proposer: KYIV,
    accepter: ODESA,
    direction: 'both' as const,
    from: now,
    until: now + 9999,
  };
  const terms: Terms = { ...base, proposerPeople: [], accepterPeople: [], presence: false };
  const forged = signAcceptance(signProposal(terms, signerOf(kyiv), now), signerOf(lviv), now);
  world.write(KYIV, TRUST, encodeAgreement(forged));
  await agreed(actors);
  const good = world.entries.find(({ realm, kind }) => realm === ODESA && kind === TRUST);
  assert.ok(good);
  world.write(LVIV, TRUST, good.payload);
  world.write(KYIV, TRUST, Uint8Array.of(1, 2, 3));
  await Promise.all([ua.table.settled(), kyiv.table.settled()]);
  assert.equal(ua.table.agreements().length, 1);
  assert.deepEqual([kyiv.table.partners(), lviv.table.partners()], [[ODESA], []]);
});

test('a trust ends by itself when its time is over, and a proposal lapses', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, kyiv, odesa } = actors;
  await kyiv.trusts.propose(world.wish(ODESA, { until: world.tree.clock.now() + 60_000 }));
  await odesa.trusts.accept(KYIV);
  let changes = 0;
  kyiv.table.onChange(() => changes++);
  world.tree.clock.advance(59_999);
  assert.deepEqual([kyiv.table.partners(), changes], [[ODESA], 0]);
  world.tree.clock.advance(1);
  assert.deepEqual([kyiv.table.partners(), changes], [[], 1]);
  assert.deepEqual(await states(kyiv), ['expired']);
  await kyiv.trusts.propose(world.wish(ODESA, { until: world.tree.clock.now() + 2 * PROPOSAL_LIFETIME }));
  world.tree.clock.set(world.tree.clock.now() + PROPOSAL_LIFETIME + 1);
  assert.equal((await states(odesa))[0], 'lapsed');
  await assert.rejects(odesa.trusts.accept(KYIV), { code: 'trust-over' });
});

test('a revoked certificate ends what it signed', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, kyiv, ua } = actors;
  await agreed(actors);
  const key = await world.tree.realms.keyOf(ODESA);
  world.revoked = (_, issuer) => issuer === key;
  world.write(ODESA, 'crl', new Uint8Array());
  world.write(KYIV, 'crl', new Uint8Array());
  await Promise.all([kyiv.table.settled(), ua.table.settled()]);
  assert.deepEqual([kyiv.table.partners(), ua.table.arePartners(KYIV, ODESA)], [[], false]);
});

test('trusts are there again after a restart', LIMIT, async (t) => {
  const actors = await cast(t);
  const { world, kyiv } = actors;
  await agreed(actors);
  await kyiv.stop();
  const again = await world.open(KYIV, kyiv);
  t.after(() => again.stop());
  assert.equal(again.table.trustWith(ODESA)?.realm, ODESA);
  assert.deepEqual(await states(again), ['in-force']);
});
