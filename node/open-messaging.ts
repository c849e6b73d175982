// Temporary, until delivery and presence are there.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { openConversations } from './conversations/conversation-service.ts';
import type { Delivery } from './delivery/delivery.ts';
import { openOutbox } from './delivery/outbox.ts';
import type { UserDirectory } from './directory/user-directory.ts';
import type { Ground } from './open-node.ts';
import type { Presence } from './presence/presence.ts';

export async function openMessaging(ground: Ground, { directory }: { network: NodeOverlay; directory: UserDirectory }) {
  const outbox = await openOutbox(ground);
  const conversations = await openConversations({ ...ground, realm: ground.realm.realm, directory, outbox });
  const delivery = {
    explain: async () => undefined,
    queues: async () => [],
    counters: () => ({ sent: 0, received: 0, duplicates: 0, quarantined: 0, foreign: 0 }),
    start: async () => {},
    stop: async () => {},
  } satisfies Delivery;
  const presence = {
    watch: () => ({ set() {}, end() {} }),
    setOnline() {},
    setOffline() {},
    typing() {},
    start: async () => {},
    stop: async () => {},
  } satisfies Presence;
  return { conversations, delivery, presence, withRoutes: conversations };
}
