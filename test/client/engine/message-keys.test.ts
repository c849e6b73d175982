// What becomes of an event that can't be read now: it waits for what is missing, or stands there with a code; it is never lost, and keeps
// back no other (fault case 16).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceChecks } from '../../../src/client/engine/device-checks.ts';
import { MessageKeys } from '../../../src/client/engine/message-keys.ts';
import type { DeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import type { FrameMessage } from '../../../src/protocols/lan/wire.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { parseMessageId, type UserId } from '../../../src/realm/ids.ts';
import { CONVERSATION, type People } from '../../crypto/mls/people.ts';
import { kitchen } from './kitchen.ts';
import { accountOf, type Station, VaultOfTests } from './realm-of-tests.ts';

const LIMIT = { timeout: 30_000 };

interface Trouble {
  /** Devices of the directory. */
  readonly known?: readonly DeviceCertificate[];
  /** Nobody can be asked for devices. */
  isAway?: boolean;
  /** A fault of ours that the messages of this user meet. */
  poisoner?: UserId;
}

function keysOf(people: People, station: Station, { signature, certificate }: OwnDevice, trouble: Trouble = {}) {
  const honest = accountOf(people, new VaultOfTests(), certificate.user);
  const account = {
    ...honest,
    keysOf: async (user: UserId) => {
      if (trouble.isAway) throw new UnreachableError('realm-unreachable', 'their home is away');
      return { ...(await honest.keysOf(user)), devices: trouble.known ?? [] };
    },
    pinnedIdentity: (user: UserId) => {
      if (user === trouble.poisoner) throw new TypeError('a fault of ours');
      return honest.pinnedIdentity(user);
    },
  };
  let seq = 0;
  const checks = new DeviceChecks({ account, clock: people.clock });
  return new MessageKeys({ ...station, account, checks, signature, nextSeq: async () => ++seq });
}

async function written() {
  const all = await kitchen();
  const { people, clerks, atClerk } = all;
  // In the epoch that the member's device came in.
  await clerks.keeper.follow(CONVERSATION);
  const group = (await clerks.keeper.present(CONVERSATION)) ?? assert.fail('no group');
  const { user: sender, device } = atClerk.certificate;
  const id = parseMessageId('00000000-0000-4000-8000-0000000000c1');
  const keys = keysOf(people, clerks, atClerk);
  const content = { kind: 'text', text: 'hello', sentAt: 1 } as const;
  const body = await keys.seal(group, content, { conversation: CONVERSATION, message: id, sender, device });
  const stamp = { ms: Date.now(), counter: 0 };
  const base = { id, conversation: CONVERSATION, sender, device, recipients: [], stamp, arrivedAt: stamp.ms };
  const message: FrameMessage = { ...base, expires: 0, body, path: 'local', state: 'stored' };
  return { ...all, message, known: [atClerk.certificate] };
}

test('a message whose sender’s home can’t be asked waits until it can', LIMIT, async () => {
  const { people, cooks, atCook, clerk, message, known } = await written();
  const trouble: Trouble = { known, isAway: true };
  const keys = keysOf(people, cooks, atCook, trouble);
  const looked = await keys.look(message);
  assert.deepEqual([looked.event.problem, looked.unknown], ['sender-device-unknown', clerk.user]);
  assert.ok(looked.missing, 'it is held, and looked at again');
  trouble.isAway = false;
  const { event, missing } = await keys.look(message);
  assert.deepEqual([event.content?.kind === 'text' && event.content.text, missing], ['hello', undefined]);
});

test('a message that meets a fault of ours has its place and a code, and the next one is read', LIMIT, async () => {
  const { people, cooks, atCook, clerk, message, known } = await written();
  const trouble: Trouble = { known, poisoner: clerk.user };
  const keys = keysOf(people, cooks, atCook, trouble);
  const { event, missing } = await keys.look(message);
  assert.deepEqual([event.id, event.problem, missing], [message.id, 'content-unreadable', undefined]);
  assert.deepEqual(keys.counters(), { 'content-unreadable': 1 });
  delete trouble.poisoner;
  assert.equal((await keys.look(message)).event.problem, undefined);
});
