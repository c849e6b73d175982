// A realm that belongs and lies: its node sends, properly signed as its own, an envelope that a user of another realm is said to
// have written there. The destination has to set it aside.
import type { UserProfile } from '../../node/directory/directory.ts';
import { encodeEnvelope } from '../../src/crypto/envelope.ts';
import { directConversationId, idText, parseDeviceId, parseMessageId } from '../../src/realm/ids.ts';
import type { Program } from './program.ts';
import { type Random, randomBytesOf } from './random.ts';

const DEVICE = parseDeviceId('30000000-0000-4000-8000-000000000666');
const ID = 16;

export function forge({ outbox, database }: Program, sender: UserProfile, to: UserProfile, random: Random): void {
  const envelope = encodeEnvelope({
    version: 1,
    id: parseMessageId(idText(randomBytesOf(random)(ID))),
    conversation: directConversationId(sender.id, to.id),
    sender: sender.id,
    device: DEVICE,
    recipients: [to.id],
    origin: sender.home,
    incarnation: 1,
    stamp: { ms: 1, counter: 1 },
    expires: 0,
    priority: 'text',
    durable: true,
    kind: 'message',
    blobs: [],
    body: new TextEncoder().encode('what nobody wrote'),
  });
  const added = outbox.add(to.home, envelope, 1);
  void database.commit(added.writes).then(() => added.committed());
}
