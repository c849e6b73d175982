// What of the cryptography runs in a page: the same modules as in Node, on the browser's own WebCrypto. Gives one line for each fact;
// a fact that does not hold throws.

import { exportHpkeKey, generateHpkeKey, openWithKey } from '../../src/crypto/hpke.ts';
import { MlsGroup } from '../../src/crypto/mls/mls-group.ts';
import type { OwnDevice } from '../../src/crypto/mls/parts.ts';
import { sealToDevice } from '../../src/crypto/seal-to-device.ts';
import { openMessage, sealMessage } from '../../src/crypto/sealed-message.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { idText, parseMessageId } from '../../src/realm/ids.ts';
import { systemRandom } from '../../src/realm/random.ts';
import { begin, CONVERSATION, grow, People, rosterOf } from '../crypto/mls/people.ts';

type Facts = Readonly<Record<string, () => Promise<boolean>>>;

const people = new People();
const [ann, ben, cleo] = [people.person(), people.person(), people.person()];
const [atAnn, atBen, atCleo] = [people.device(ann), people.device(ben), people.device(cleo)];

async function madeBy(devices: readonly OwnDevice[]) {
  const roster = rosterOf([
    [ann, 'owner'],
    [ben, 'member'],
    [cleo, 'member'],
  ]);
  const { group, joined } = await grow(people, await begin(people, atAnn, roster), devices);
  return { group, joined, roster };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}

async function isRefused(act: Promise<unknown>, ...codes: readonly string[]): Promise<boolean> {
  try {
    await act;
    return false;
  } catch (error) {
    return codes.includes(codeOf(error));
  }
}

const FACTS: Facts = {
  'members have one key, through commits and from storage': async () => {
    const { group, joined } = await madeBy([atBen, atCleo]);
    const [benGroup, cleoGroup] = joined;
    if (!benGroup || !cleoGroup) return false;
    const offer = await MlsGroup.decode(benGroup.encode(), people.parts(atBen)).commit();
    const key = await offer.accept().contentKey();
    const [first, second] = [
      await group.process(offer.commit, Date.now()),
      await cleoGroup.process(offer.commit, Date.now()),
    ];
    return isSame(await first.next?.contentKey(), key) && isSame(await second.next?.contentKey(), key);
  },
  'a removed device is out, and a member comes back from outside': async () => {
    const { group, joined, roster } = await madeBy([atBen, atCleo]);
    const without = { ...roster, members: roster.members.filter(({ user }) => user !== cleo.user) };
    const removal = await group.commit({ roster: without });
    const out = await joined[1]?.process(removal.commit, Date.now());
    const back = await MlsGroup.joinExternal(
      { conversation: CONVERSATION, groupInfo: removal.groupInfo },
      people.parts(atBen),
    );
    const { next } = await removal.accept().process(back.commit, Date.now());
    return out?.next === undefined && isSame(await next?.contentKey(), await back.accept().contentKey());
  },
  'a commit with an altered byte is refused': async () => {
    const { group, joined } = await madeBy([atBen]);
    const { commit } = await group.commit();
    const altered = commit.slice();
    altered[commit.length - 20] = (altered[commit.length - 20] ?? 0) ^ 1;
    return joined[0] !== undefined && isRefused(joined[0].process(altered, Date.now()), 'commit-invalid');
  },
  'a member without the right is refused': async () => {
    const { joined, roster } = await madeBy([atBen]);
    const members = roster.members.map((member) => ({ ...member, role: 'owner' as const }));
    return joined[0] !== undefined && isRefused(joined[0].commit({ roster: { ...roster, members } }), 'not-allowed');
  },
  'a sealed message opens, and an altered one does not': async () => {
    const { group } = await madeBy([atBen]);
    const { user: sender, device } = atAnn.certificate;
    const context = { conversation: CONVERSATION, message: parseMessageId(idText(systemRandom(16))), sender, device };
    const contentKey = await group.contentKey();
    const keys = { group: group.group, epoch: group.epoch, seq: 1, contentKey, signature: atAnn.signature };
    const text = new TextEncoder().encode('Добрий день');
    const body = await sealMessage(text, context, keys);
    const altered = body.map((byte, at) => (at === 60 ? byte ^ 1 : byte));
    const how = { contentKey, certificate: atAnn.certificate };
    return (
      isSame(await openMessage(body, context, how), text) &&
      (await isRefused(openMessage(altered, context, how), 'signature-wrong', 'frame-malformed'))
    );
  },
  'what is sealed to a device opens with a key that gives nothing away': async () => {
    const key = await generateHpkeKey(false);
    const certificate = { ...atAnn.certificate, hpkeKey: key.publicKey };
    const secret = systemRandom(32);
    const sealed = await sealToDevice(certificate, secret, 'canopy/test/1');
    const kept = await exportHpkeKey(key).then(
      () => false,
      () => true,
    );
    return kept && isSame(await openWithKey(key, sealed, 'canopy/test/1'), secret);
  },
};

async function run(): Promise<string[]> {
  const held: string[] = [];
  for (const [fact, holds] of Object.entries(FACTS)) {
    if (!(await holds())) throw new Error(`does not hold: ${fact}`);
    held.push(fact);
  }
  return held;
}

Object.assign(globalThis, { cryptoSuite: run() });
