// Who has begun anew comes into the conversations of two that they were in, also where nobody but they had changed them: by the word of
// their own former identity, or of whoever pretends to be that. Nothing is sealed for either.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import { directConversationId } from '../../../src/realm/ids.ts';
import { GROUP, People, type Person, rosterOf } from './people.ts';

const LIMIT = { timeout: 60_000 };

async function world() {
  const people = new People();
  const [before, other] = [people.person(), people.person()];
  const conversation = directConversationId(before.user, other.user);
  const roster = rosterOf(
    [
      [before, 'owner'],
      [other, 'owner'],
    ],
    'direct',
  );
  const former = people.device(before);
  const made = await MlsGroup.create({ group: GROUP, conversation, roster }, people.parts(former));
  const anew: Person = { user: before.user, identity: people.person().identity };
  people.identities.set(anew.user, anew.identity.publicKey);
  const own = people.device(anew);
  return { people, other, conversation, former, made, own, groupInfo: await made.show() };
}

test(
  'the word of the former identity leads in, and its device is out of the first keys that are used',
  LIMIT,
  async () => {
    const { people, conversation, former, made, own, groupInfo } = await world();
    const joined = await MlsGroup.joinExternal({ conversation, groupInfo }, people.parts(own));
    const group = joined.accept();
    assert.deepEqual(
      (await group.doubtful()).map(({ certificate, why }) => [certificate.device, why]),
      [[former.certificate.device, 'identity']],
    );
    const { user, device } = former.certificate;
    const cleared = await group.commit({ remove: [{ user, device }] });
    const key = await cleared.accept().contentKey();
    // Whoever has the former keys follows in, and no further.
    const behind = MlsGroup.decode(made.encode(), people.parts(former));
    people.identities.set(user, former.certificate.identityKey);
    await assert.rejects(behind.process(joined.commit, Date.now()), { code: 'device-identity' });
    assert.notDeepEqual(await behind.contentKey(), key);
  },
);

test(
  'who is in a conversation of two nobody’s word changes, nor does that of a former identity lead into a group',
  LIMIT,
  async () => {
    const { people, other, conversation, former, own, groupInfo } = await world();
    const elsewhere = directConversationId(own.certificate.user, people.person().user);
    await assert.rejects(MlsGroup.joinExternal({ conversation: elsewhere, groupInfo }, people.parts(own)), {
      code: 'conversation-changed',
    });
    const before: Person = { user: former.certificate.user, identity: people.person().identity };
    const roster = rosterOf([
      [before, 'owner'],
      [other, 'member'],
    ]);
    const made = await MlsGroup.create({ group: GROUP, conversation, roster }, people.parts(former));
    const given = { conversation, groupInfo: await made.show() };
    await assert.rejects(MlsGroup.joinExternal(given, people.parts(own)), { code: 'device-identity' });
  },
);
