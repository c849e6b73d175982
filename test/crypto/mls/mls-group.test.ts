// What a group does when everybody means well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import { begin, CONVERSATION, grow, People, rosterOf } from './people.ts';

const LIMIT = { timeout: 60_000 };

async function three() {
  const people = new People();
  const [ann, ben, cleo] = [people.person(), people.person(), people.person()];
  const [one, two, three] = [people.device(ann), people.device(ben), people.device(cleo)];
  const roster = rosterOf([
    [ann, 'owner'],
    [ben, 'administrator'],
    [cleo, 'member'],
  ]);
  const { group, joined } = await grow(people, await begin(people, one, roster), [two, three]);
  const [atBen, atCleo] = joined;
  assert.ok(atBen && atCleo);
  return { people, ann, ben, cleo, one, two, three, roster, atAnn: group, atBen, atCleo };
}

const now = () => Date.now();

test('who comes by a welcome has the same key, roster and members', LIMIT, async () => {
  const { atAnn, atBen, atCleo, roster } = await three();
  const key = await atAnn.contentKey();
  for (const group of [atBen, atCleo]) {
    assert.deepEqual(await group.contentKey(), key);
    assert.equal(group.epoch, 1);
    assert.equal(group.members().length, 3);
    assert.equal(group.roster.members.length, roster.members.length);
  }
});

test('a commit without a change makes another key, the same for all', LIMIT, async () => {
  const { atAnn, atBen, atCleo } = await three();
  const before = await atAnn.contentKey();
  const offer = await atBen.commit();
  const [ann, cleo] = [await atAnn.process(offer.commit, now()), await atCleo.process(offer.commit, now())];
  const key = await offer.accept().contentKey();
  assert.notDeepEqual(key, before);
  assert.deepEqual(await ann.next?.contentKey(), key);
  assert.deepEqual(await cleo.next?.contentKey(), key);
});

test('a removed device is told, and the others go on', LIMIT, async () => {
  const { ann, ben, cleo, three: device, atAnn, atBen, atCleo } = await three();
  const offer = await atBen.commit({
    roster: rosterOf([
      [ann, 'owner'],
      [ben, 'administrator'],
    ]),
  });
  const [atA, atC] = [await atAnn.process(offer.commit, now()), await atCleo.process(offer.commit, now())];
  assert.equal(atC.next, undefined);
  assert.deepEqual(atA.removed, [{ user: cleo.user, device: device.certificate.device }]);
  assert.deepEqual(await atA.next?.contentKey(), await offer.accept().contentKey());
});

test('a stored group goes on where it was', LIMIT, async () => {
  const { people, two, atAnn, atBen, atCleo } = await three();
  const offer = await atAnn.commit();
  const again = MlsGroup.decode(atBen.encode(), people.parts(two));
  const { next } = await again.process(offer.commit, now());
  assert.ok(next);
  const reply = await MlsGroup.decode(next.encode(), people.parts(two)).commit();
  const { next: cleo } = await atCleo.process(offer.commit, now());
  assert.ok(cleo);
  const last = await cleo.process(reply.commit, now());
  assert.deepEqual(await last.next?.contentKey(), await reply.next.contentKey());
});

test('a device that lost its state comes back from outside, in the place of its old leaf', LIMIT, async () => {
  const { people, three: device, atAnn, atBen } = await three();
  const offer = await MlsGroup.joinExternal(
    { conversation: CONVERSATION, groupInfo: await atAnn.show() },
    people.parts(device),
  );
  const [ann, ben] = [await atAnn.process(offer.commit, now()), await atBen.process(offer.commit, now())];
  const key = await offer.accept().contentKey();
  assert.equal(ann.next?.members().length, 3);
  assert.deepEqual(await ann.next?.contentKey(), key);
  assert.deepEqual(await ben.next?.contentKey(), key);
});

test('a newer certificate comes into the group with the next new keys', LIMIT, async () => {
  const { people, ben, two, atAnn, atBen, atCleo } = await three();
  const { device, signatureKey, hpkeKey } = two.certificate;
  const renewed = people.device(ben, { device, signatureKey, hpkeKey, sequence: 2 });
  const me = { certificate: renewed.certificate, signature: two.signature };
  const offer = await MlsGroup.decode(atBen.encode(), people.parts(me)).commit();
  const [ann, cleo] = [await atAnn.process(offer.commit, now()), await atCleo.process(offer.commit, now())];
  const key = await offer.accept().contentKey();
  for (const { next } of [ann, cleo]) {
    assert.deepEqual(await next?.contentKey(), key);
    assert.equal(next?.members().find((one) => one.device === device)?.sequence, 2);
  }
});
