// A client whose server is the test: it answers from plain fields, tells what the test tells, and writes down what was
// asked of it.
import type { AccountClient } from '../../../node/web/model/account-client.ts';
import type { PageClient } from '../../../node/web/model/page-client.ts';
import type { Client, ClientEvents, Conversation, Explanation, Me, Message, User } from '../../../src/client/client.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import {
  directConversationId,
  type MessageId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
} from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { ScriptedTalk } from './scripted-talk.ts';

export function person(n: number, address: string): User {
  const id = parseUserId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
  return { id, address, name: address.slice(0, address.indexOf('@')), kind: 'person' };
}

export const CLERK = person(1, 'clerk@kyiv.acme.ua');
export const ENGINEER = person(2, 'engineer@lviv.acme.ua');
const ME: Me = { user: CLERK, device: parseDeviceId('00000000-0000-4000-8000-0000000000d1') };

export function messageId(n: number): MessageId {
  return parseMessageId(`00000000-0000-4000-9000-${String(n).padStart(12, '0')}`);
}

/** Number n, said at that many milliseconds, by the engineer unless it is mine. */
export function message(n: number, at: number, more: Partial<Message> = {}): Message {
  const mine = more.mine ?? false;
  return {
    id: messageId(n),
    conversation: directConversationId(CLERK.id, ENGINEER.id),
    from: mine ? CLERK : ENGINEER,
    to: [mine ? ENGINEER : CLERK],
    mine,
    text: `text ${n}`,
    sentAt: at,
    stamp: { ms: at, counter: 0 },
    state: 'stored',
    ...more,
  };
}

type Listener = (event: never) => void;

export class ScriptedClient implements PageClient, AccountClient {
  me: Me | undefined;
  connection: Client['connection'] = 'offline';
  readonly files = undefined;
  accountState: Client['accountState'] = { kind: 'open' };
  readonly asked: string[] = [];
  users: readonly User[] = [CLERK, ENGINEER];
  talks: readonly Conversation[] = [];
  readonly talk = new ScriptedTalk(this.asked);
  loginWith: (password: string, newPassword?: string) => Promise<Me> = async () => ME;
  waiting: ReturnType<Client['queued']> = [];
  resumed: Me | undefined;
  recoverWith: (recoveryKey: string) => Promise<void> = async () => {};
  readonly #listeners = new Map<string, Set<Listener>>();

  on<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** The server tells. */
  tell<K extends keyof ClientEvents>(type: K, event: ClientEvents[K]): void {
    for (const listener of this.#listeners.get(type) ?? []) (listener as (event: ClientEvents[K]) => void)(event);
  }

  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  async server(): ReturnType<Client['server']> {
    return { realm: parseRealmName('kyiv.acme.ua'), versions: [1], capabilities: [], time: 0 };
  }
  async login(address: string, password: string, options?: { newPassword?: string }): Promise<Me> {
    this.asked.push(`login ${address}`);
    this.me = await this.loginWith(password, options?.newPassword);
    return this.me;
  }
  async recoverAccount(recoveryKey: string): Promise<void> {
    await this.recoverWith(recoveryKey);
    this.accountState = { kind: 'open' };
  }
  async acceptOlderVault(recoveryKey: string): Promise<void> {
    this.asked.push('accept older');
    await this.recoverAccount(recoveryKey);
  }
  async beginAccountAnew(): Promise<void> {
    this.asked.push('begin anew');
    this.accountState = { kind: 'open' };
  }
  resume = async (): Promise<Me | undefined> => this.resumed;
  account: AccountClient['account'];
  readonly self: Me = ME;
  changePassword = async (): Promise<Me> => ME;
  async acceptPassword(): Promise<void> {
    this.asked.push('accept password');
    this.accountState = { kind: 'open' };
  }
  async logout({ keepDevice = false }: { keepDevice?: boolean } = {}): Promise<void> {
    this.asked.push(keepDevice ? 'logout and keep' : 'logout');
  }
  queued = (): ReturnType<Client['queued']> => this.waiting;
  refusedBefore: ReturnType<Client['refused']> = [];
  refused = (): ReturnType<Client['refused']> => this.refusedBefore;
  connect(): void {
    this.asked.push('connect');
  }
  disconnect(): void {
    this.asked.push('disconnect');
  }
  drained = async (): Promise<void> => undefined;
  async send({ text }: { text: string }): Promise<Message> {
    this.asked.push(`send ${text}`);
    const { stamp: _, ...queued } = message(900, 900, { mine: true, text, state: 'queued' });
    return queued;
  }
  async retry(id: MessageId): Promise<void> {
    this.asked.push(`retry ${id}`);
  }
  typing = async (): Promise<void> => undefined;
  typingIn = async (): Promise<void> => undefined;
  async markRead(id: MessageId): Promise<void> {
    this.asked.push(`read ${Number(id.slice(-12))}`);
  }
  watch(users: readonly User[]): void {
    this.asked.push(`watch ${users.map(({ name }) => name).join(' ')}`);
  }
  async findUser(address: string): Promise<User | undefined> {
    this.asked.push(`find ${address}`);
    return this.users.find((user) => user.address === address);
  }
  searchUsers = async (): Promise<readonly User[]> => this.users;
  userById = async (id: User['id']): Promise<User | undefined> => this.users.find((user) => user.id === id);
  conversations = async (): Promise<readonly Conversation[]> => this.talks;
  timeline = this.talk.timeline;
  act = this.talk.act;
  hide = this.talk.hide;
  clearHistory = this.talk.clearHistory;
  draft = this.talk.draft;
  setDraft = this.talk.setDraft;
  evidence = async (): Promise<Uint8Array> => new Uint8Array(3);
  search = this.talk.search;
  pinned: readonly Conversation['id'][] = [];
  pins = (): readonly Conversation['id'][] => this.pinned;
  async setPinned(id: Conversation['id'], isPinned: boolean): Promise<void> {
    this.pinned = [...this.pinned.filter((one) => one !== id), ...(isPinned ? [id] : [])];
    this.tell('pins', { conversations: this.pinned });
  }
  get groups(): Client['groups'] {
    throw new RefusedError('account-locked', 'no test has groups here');
  }
  get contacts(): Client['contacts'] {
    throw new RefusedError('account-locked', 'no test has contacts here');
  }
  route = async (): Promise<undefined> => undefined;
  islands: Client['islands'] = { realms: [] };
  explanation: Explanation = { legs: [] };
  explain = async (): Promise<Explanation> => this.explanation;
  conversationWith(user: User): Conversation['id'] {
    return directConversationId(CLERK.id, user.id);
  }
}
