// The LAN's side of conversations while the node may or may not number things: reading always, writing by permit.
import type { LanConversations } from '../lan/components.ts';
import type { WritePermit } from './write-permit.ts';

type Given<K extends 'submit' | 'markDelivered' | 'markRead'> = Parameters<LanConversations[K]>;

export function guardConversations(conversations: LanConversations, permit: WritePermit): LanConversations {
  return {
    ...conversations,
    submit: async (...given: Given<'submit'>) => {
      permit.assert();
      return conversations.submit(...given);
    },
    markDelivered: async (...given: Given<'markDelivered'>) => {
      permit.assert();
      return conversations.markDelivered(...given);
    },
    markRead: async (...given: Given<'markRead'>) => {
      permit.assert();
      return conversations.markRead(...given);
    },
  };
}
