// Hops and parties of trusts that lie: what they say in their own name, take from others, or sign out of time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeReply } from '../../../src/protocols/errand/codec.ts';
import { signAcceptance, signProposal } from '../../../src/protocols/trust/agreement.ts';
import { encodeAgreement, encodeRemoval } from '../../../src/protocols/trust/codec.ts';
import { PROPOSAL_ERRAND, type Terms, TRUST, TRUST_REMOVED } from '../../../src/protocols/trust/index.ts';
import { BETA, KYIV, LVIV, ODESA, UA } from '../errands/errand-tree.ts';
import { agreed, cast, isTold, LIMIT, never, signerOf, states, until } from './trust-cast.ts';

test('what a hop says in its own name ends no trust and keeps no removal back', LIMIT, async (t) => {
  const { world, kyiv, odesa } = await cast(t);
  await kyiv.trusts.propose(world.wish(ODESA));
  const { network, clock } = world.tree;
  let isLying = true;
  network.tap = async (frame, from, to) =>
    isLying && from === BETA && to === ODESA
      ? encodeReply({ kind: 'stopped', code: 'trust-unknown', realm: BETA })
      : frame;
  const accepted = await odesa.trusts.accept(KYIV);
  assert.equal(accepted.untold, 'trust-unknown');
  assert.deepEqual(await states(odesa), ['in-force']);
  await odesa.trusts.remove(KYIV);
  isLying = false;
  clock.advance(60_000);
  await until(() => isTold(odesa));
  assert.deepEqual(await states(kyiv), ['removed'], 'it heard of the removal in the end');
});

test(
  'an id that others have taken from a chain ends nobody’s trust, whichever entry is read first',
  LIMIT,
  async (t) => {
    const actors = await cast(t);
    const { world, ua, kyiv, lviv, beta } = actors;
    const id = await agreed(actors);
    const now = world.tree.clock.now();
    const people = { proposerPeople: [], accepterPeople: [], presence: false };
    const terms: Terms = {
      id,
      proposer: LVIV,
      accepter: BETA,
      direction: 'both',
      from: now,
      until: now + 1000,
      ...people,
    };
    const taken = signAcceptance(signProposal(terms, signerOf(lviv), now), signerOf(beta), now);
    world.write(LVIV, TRUST, encodeAgreement(taken));
    world.write(LVIV, TRUST_REMOVED, encodeRemoval({ id, realm: LVIV, time: now }));
    world.entries.reverse();
    await Promise.all([ua.stop(), kyiv.stop()]);
    const [uaAgain, kyivAgain] = [await world.open(UA, ua), await world.open(KYIV, kyiv)];
    t.after(() => Promise.all([uaAgain.stop(), kyivAgain.stop()]));
    assert.equal(uaAgain.table.arePartners(KYIV, ODESA), true);
    assert.equal(uaAgain.table.arePartners(LVIV, BETA), false);
    assert.equal(kyivAgain.table.trustWith(ODESA)?.realm, ODESA);
  },
);

test(
  'proposals that are made and withdrawn again and again leave nothing on the other side’s chain',
  LIMIT,
  async (t) => {
    const { world, kyiv, odesa } = await cast(t);
    for (let n = 0; n < 10; n++) {
      const { trust } = await kyiv.trusts.propose(world.wish(ODESA));
      await kyiv.trusts.remove(trust.id);
      assert.deepEqual(await states(odesa), []);
    }
    assert.deepEqual([...new Set(world.entries.map(({ realm }) => realm))], [KYIV]);
    const eleventh = await kyiv.trusts.propose(world.wish(ODESA));
    assert.equal(eleventh.untold, 'trust-too-many', 'and its audit log grows no further, either');
  },
);

test(
  'what is signed as of a time in which its certificate is not good is not taken, and so is never half a trust',
  LIMIT,
  async (t) => {
    const { world, kyiv, odesa } = await cast(t);
    const now = world.tree.clock.now();
    const people = { proposerPeople: [], accepterPeople: [], presence: false };
    const span = { from: now, until: now + 3_600_000 };
    const terms: Terms = {
      id: 'ab'.repeat(16),
      proposer: KYIV,
      accepter: ODESA,
      direction: 'both',
      ...span,
      ...people,
    };
    const body = encodeAgreement(signProposal(terms, signerOf(kyiv), now + 400 * 24 * 3_600_000));
    await assert.rejects(kyiv.errands.ask(ODESA, PROPOSAL_ERRAND, body, never), { code: 'cert-expired' });
    assert.deepEqual(await states(odesa), []);
  },
);

test(
  'a region forgets the trusts of others once they were removed or are long over, and keeps them from coming back',
  LIMIT,
  async (t) => {
    const actors = await cast(t);
    const { world, ua, kyiv } = actors;
    await agreed(actors);
    assert.equal(ua.table.size, 1);
    const [entry] = world.entries.filter(({ kind }) => kind === TRUST);
    assert.ok(entry);
    await kyiv.trusts.remove(ODESA);
    await until(() => ua.table.size === 0);
    world.write(KYIV, TRUST, entry.payload);
    await ua.table.settled();
    assert.deepEqual([ua.table.size, ua.table.arePartners(KYIV, ODESA)], [0, false]);
    assert.deepEqual(await states(kyiv), ['removed'], 'the parties still see it');
    await agreed(actors);
    assert.equal(ua.table.size, 1);
    world.tree.clock.advance(50 * 24 * 60 * 60_000);
    world.write(KYIV, TRUST, entry.payload);
    await ua.table.settled();
    assert.equal(ua.table.size, 0, 'with the next entry about any trust');
  },
);
