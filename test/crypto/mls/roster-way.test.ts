// What each commit says of the epoch that it is based on, so that its signature can be looked at without a state.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCommit } from '../../../src/crypto/mls/commit-reader.ts';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import { afterCommit, decodeBasis, encodeBasis, type RosterWay } from '../../../src/crypto/mls/roster-way.ts';
import { encodeRoster } from '../../../src/crypto/roster.ts';
import { begin, CONVERSATION, GROUP, grow, People, rosterOf } from './people.ts';

const LIMIT = { timeout: 20_000 };
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('the basis of a commit comes back as it was, and no part of it alone', LIMIT, () => {
  fc.assert(
    fc.property(hash, fc.oneof(hash, fc.constant(new Uint8Array())), (treeHash, confirmedTranscriptHash) => {
      const bytes = encodeBasis({ treeHash, confirmedTranscriptHash });
      assert.deepEqual(decodeBasis(bytes), { treeHash, confirmedTranscriptHash });
      for (let end = 0; end < bytes.length; end++) assert.throws(() => decodeBasis(bytes.slice(0, end)));
      assert.throws(() => decodeBasis(Uint8Array.of(...bytes, 0)));
    }),
    { numRuns: 30 },
  );
  const fixed = encodeBasis({ treeHash: new Uint8Array(32).fill(7), confirmedTranscriptHash: new Uint8Array() });
  assert.equal(Buffer.from(fixed).toString('hex'), `83015820${'07'.repeat(32)}40`);
});

test('who was made a member and by whom shows by commits alone, as far as their authors may', LIMIT, async () => {
  const people = new People();
  const [clerk, cook, guard, porter] = [people.person(), people.person(), people.person(), people.person()];
  const [atClerk, atCook] = [people.device(clerk), people.device(cook)];
  const first = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  const grown = await grow(people, await begin(people, atClerk, first), [atCook]);
  const [cooks = assert.fail()] = grown.joined;
  const second = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
    [guard, 'administrator'],
  ]);
  const { commit, epoch } = await grown.group.commit({ roster: second });
  const way: RosterWay = { conversation: CONVERSATION, group: GROUP, epoch, counts: first, stated: first };
  const parts = people.parts(people.device(cook));
  const at = people.clock.now();
  const after = await afterCommit(way, commit, at, parts);
  assert.deepEqual(encodeRoster(after.counts), encodeRoster(second));
  // Neither again, nor in a group of another roster, nor by who is no member there.
  await assert.rejects(afterCommit(after, commit, at, parts), { code: 'way-unproven' });
  const other = rosterOf([
    [clerk, 'owner'],
    [porter, 'member'],
  ]);
  await assert.rejects(afterCommit({ ...way, stated: other }, commit, at, parts), { code: 'way-unproven' });
  const without = rosterOf([[cook, 'owner']]);
  const unheard = await afterCommit({ ...way, counts: without }, commit, at, parts);
  assert.deepEqual([unheard.counts, unheard.stated], [without, after.stated]);
  // A member may not invite.
  const beyond = await afterCommit(
    {
      ...way,
      counts: rosterOf([
        [clerk, 'member'],
        [cook, 'owner'],
      ]),
    },
    commit,
    at,
    parts,
  );
  assert.equal(beyond.counts.members.length, 2);
  // New keys alone change nothing, and come from outside as well.
  const offer = await MlsGroup.joinExternal(
    { conversation: CONVERSATION, groupInfo: await cooks.show() },
    people.parts(people.device(cook)),
  );
  assert.equal(await afterCommit(way, offer.commit, at, parts), way);
  assert.ok(decodeBasis(readCommit(offer.commit).message.content.authenticatedData));
});
