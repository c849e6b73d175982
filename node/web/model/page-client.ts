// What the pages use of the client library; a client of tests and scenes has to answer no more than this.
import type { Client } from '../../../src/client/client.ts';

export type PageClient = Pick<
  Client,
  | 'me'
  | 'connection'
  | 'islands'
  | 'accountState'
  | 'files'
  | 'on'
  | 'server'
  | 'login'
  | 'resume'
  | 'logout'
  | 'acceptOlderVault'
  | 'recoverAccount'
  | 'beginAccountAnew'
  | 'connect'
  | 'disconnect'
  | 'queued'
  | 'refused'
  | 'send'
  | 'retry'
  | 'typing'
  | 'typingIn'
  | 'markRead'
  | 'watch'
  | 'findUser'
  | 'userById'
  | 'conversations'
  | 'timeline'
  | 'act'
  | 'hide'
  | 'clearHistory'
  | 'draft'
  | 'setDraft'
  | 'pins'
  | 'setPinned'
  | 'evidence'
  | 'search'
  | 'searchUsers'
  | 'explain'
  | 'conversationWith'
> & {
  readonly groups: Pick<Client['groups'], keyof Client['groups']>;
  readonly contacts: Pick<Client['contacts'], keyof Client['contacts']>;
};
