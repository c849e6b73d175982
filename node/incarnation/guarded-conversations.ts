// The LAN's side of conversations while the node may or may not number things: reading always, writing by permit.
import type { LanConversations } from '../lan/components.ts';
import type { WritePermit } from './write-permit.ts';

type Given<K extends 'submit' | 'erase' | 'clear' | 'markDelivered' | 'markRead'> = Parameters<LanConversations[K]>;

export function guardConversations(conversations: LanConversations, permit: WritePermit): LanConversations {
  return {
    ...conversations,
    submit: async (...given: Given<'submit'>) => {
      permit.assert();
      return conversations.submit(...given);
    },
    erase: async (...given: Given<'erase'>) => {
      permit.assert();
      return conversations.erase(...given);
    },
    clear: async (...given: Given<'clear'>) => {
      permit.assert();
      return conversations.clear(...given);
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
