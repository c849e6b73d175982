// A client without a server, for looking at the view: it acts out a scene and answers what is written to it.
import type { Act, Client, ClientEvents, Me, Message, OpenTimeline, Route, User } from '../../../src/client/client.ts';
import type { MessageState, OpenedEvent } from '../../../src/client/timeline/events.ts';
import { InputError, RefusedError, UnreachableError } from '../../../src/realm/errors.ts';
import { type ConversationId, type MessageId, parseMessageId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import type { AccountClient } from '../model/account-client.ts';
import type { PageClient } from '../model/page-client.ts';
import { ActedAccount, DEVICE, pause } from './acted-account.ts';
import { actedContacts } from './acted-contacts.ts';
import { ACCOUNTS, CLERK, conversationOf, DRAWING, ENGINEER, PEOPLE, WORKS, WORKS_PEOPLE } from './acted-people.ts';
import { ActedRoom } from './acted-room.ts';
import { actedTalk, eventOf } from './acted-talk.ts';

export const SCENES = [
  'login',
  'first-password',
  'locked',
  'older',
  'unproven',
  'unproven-later',
  'elsewhere',
  'empty',
  'chat',
  'offline',
  'islands',
  'identity',
  'pinned',
  'opening',
] as const;
export type Scene = (typeof SCENES)[number];

const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const PASSWORD = 'correct horse';
const MINUTE = 60_000;
/** Scenes that begin before a session. */
const OUTSIDE: readonly Scene[] = ['login', 'first-password', 'locked', 'older', 'unproven'];

type Listener = (event: never) => void;

export class ActedClient implements PageClient, AccountClient {
  me: Me | undefined;
  connection: Client['connection'] = 'offline';
  readonly files = undefined;
  account: ActedAccount | undefined;
  accountState: Client['accountState'] = { kind: 'none' };
  readonly islands: Client['islands'];
  readonly contacts: PageClient['contacts'];
  readonly #scene: Scene;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #rooms = new Map<string, ActedRoom>();
  readonly #drafts = new Map<string, NonNullable<ReturnType<Client['draft']>>>();
  readonly #began = Date.now();
  #pins: readonly ConversationId[] = [conversationOf(ENGINEER)];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.contacts = actedContacts(scene === 'identity');
    const since = this.#began - 42 * MINUTE;
    this.islands = { realms: scene === 'islands' ? [{ realm: LVIV, since, queued: 12 }] : [] };
    if (scene === 'empty') return;
    for (const event of actedTalk(this.#began, scene === 'pinned')) this.#room(event.conversation).events.push(event);
  }

  on<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  #emit<K extends keyof ClientEvents>(type: K, event: ClientEvents[K]): void {
    for (const listener of this.#listeners.get(type) ?? []) (listener as (event: ClientEvents[K]) => void)(event);
  }

  #room(id: ConversationId): ActedRoom {
    const room = this.#rooms.get(id) ?? new ActedRoom(id, id === WORKS ? 'group' : 'direct', []);
    this.#rooms.set(id, room);
    return room;
  }

  async server(): ReturnType<Client['server']> {
    if (this.#scene === 'opening') throw new UnreachableError('server-unreachable', 'acted');
    const demo = { user: CLERK.address, colleague: ENGINEER.address };
    return { realm: KYIV, versions: [1], capabilities: [], time: Date.now(), demo };
  }

  async login(_address: string, password: string, options?: { newPassword?: string }): Promise<Me> {
    await pause(700);
    if (password !== PASSWORD) throw new RefusedError('login-refused', 'acted');
    if (this.#scene !== 'first-password' || options?.newPassword) return this.#enter();
    throw new RefusedError('password-change-required', 'acted');
  }

  async resume(): Promise<Me | undefined> {
    return OUTSIDE.includes(this.#scene) ? undefined : this.#enter();
  }

  #enter(): Me {
    const me = { user: CLERK, device: DEVICE };
    this.me = me;
    this.accountState = { kind: 'open', ...(this.#scene.startsWith('unproven') && { password: 'unproven' }) };
    if (this.#scene === 'locked') this.accountState = { kind: 'locked', why: 'other-password' };
    else if (this.#scene === 'older') this.accountState = { kind: 'refused', code: 'vault-rolled-back' };
    else this.account = new ActedAccount(this.#scene === 'chat');
    return me;
  }

  async recoverAccount(recoveryKey: string): Promise<void> {
    await pause(700);
    if (recoveryKey.length < 40) throw new InputError('recovery-key-length', 'acted');
    await this.acceptPassword();
  }

  acceptOlderVault(recoveryKey: string): Promise<void> {
    return this.recoverAccount(recoveryKey);
  }

  beginAccountAnew(): Promise<void> {
    return this.acceptPassword();
  }

  async acceptPassword(): Promise<void> {
    await pause(400);
    this.accountState = { kind: 'open' };
    this.account = new ActedAccount(false);
  }

  async changePassword(password: string): Promise<Me> {
    await pause(700);
    if (password !== PASSWORD) throw new RefusedError('wrong-password', 'acted');
    await this.acceptPassword();
    return { user: CLERK, device: DEVICE };
  }

  async logout(): Promise<void> {
    this.me = undefined;
    this.account = undefined;
  }

  connect(): void {
    if (!this.me || this.connection === 'live') return;
    this.connection = this.#scene === 'offline' ? 'waiting' : 'live';
    this.#emit('connection', { state: this.connection });
    if (this.connection === 'waiting') return;
    this.#emit('ready', { me: this.me });
    this.#emit('islands', this.islands);
    if (this.#scene === 'identity') this.#emit('identity-changed', { user: ENGINEER.id });
    const now = Date.now();
    this.#emit('presence', { user: ENGINEER, state: 'online' });
    this.#emit('presence', { user: ACCOUNTS, state: 'offline', lastSeenAt: now - 25 * MINUTE });
    this.#emit('presence', { user: DRAWING, state: 'online' });
    this.#type(DRAWING);
  }

  #type(user: User): void {
    this.#emit('typing', { user, conversation: conversationOf(user), active: true });
  }

  disconnect(): void {
    this.connection = 'offline';
  }

  async send({ to, text }: { to: string | User; text: string }): Promise<Message> {
    const person = PEOPLE.find((user) => user === to || user.address === to);
    if (!person) throw new RefusedError('user-unknown', 'acted');
    const id = await this.act(conversationOf(person), { kind: 'text', text });
    return this.#message(this.#event(conversationOf(person), id));
  }

  async act(conversation: ConversationId, act: Act): Promise<MessageId> {
    const id = parseMessageId(crypto.randomUUID());
    const others = this.#othersIn(conversation);
    const event = eventOf(id, { by: CLERK, in: conversation, to: others, at: Date.now(), state: 'queued' }, act);
    this.#room(conversation).take([event]);
    this.#emit('message', this.#message(event));
    if (this.connection === 'live') void this.#play(event);
    return id;
  }

  async #play(event: OpenedEvent): Promise<void> {
    for (const state of ['stored', 'delivered', 'read'] as const) {
      await pause(500);
      this.#become(event, state);
    }
    const [person] = this.#othersIn(event.conversation);
    if (!person || event.content?.kind !== 'text') return;
    this.#type(person);
    await pause(1500);
    const said = { by: person, in: event.conversation, to: [CLERK], at: Date.now() };
    const answer = { kind: 'text', text: `You said: ${event.content.text}` } as const;
    const back = eventOf(parseMessageId(crypto.randomUUID()), said, answer);
    this.#room(event.conversation).take([back]);
    this.#emit('message', this.#message(back));
  }

  #become(event: OpenedEvent, state: MessageState): void {
    const stamp = { ms: Date.now(), counter: 0 };
    this.#room(event.conversation).take([{ ...event, stamp, arrivedAt: stamp.ms, state }]);
    this.#emit('state', { id: event.id, conversation: event.conversation, state });
  }

  async retry(id: MessageId): Promise<void> {
    const event = [...this.#rooms.values()].flatMap(({ events }) => events).find((known) => known.id === id);
    if (event) void this.#play(event);
  }

  queued(): ReturnType<Client['queued']> {
    return [];
  }

  refused(): ReturnType<Client['refused']> {
    return [];
  }

  async typing(): Promise<void> {}
  async typingIn(): Promise<void> {}
  async markRead(): Promise<void> {}
  watch(): void {}

  async findUser(address: string): Promise<User | undefined> {
    await pause(200);
    return [CLERK, ...PEOPLE].find((user) => user.address === address);
  }

  async searchUsers(prefix: string): Promise<readonly User[]> {
    return PEOPLE.filter(({ address, name }) => address.startsWith(prefix) || name.toLowerCase().startsWith(prefix));
  }

  async userById(id: User['id']): Promise<User | undefined> {
    return [CLERK, ...PEOPLE].find((user) => user.id === id);
  }

  async conversations(): ReturnType<Client['conversations']> {
    if (this.#scene === 'empty') return [];
    return [...this.#rooms.values()].flatMap(({ id, events }) => {
      const last = events.findLast(({ content }) => content?.kind === 'text' || content === undefined);
      const unread = id === conversationOf(ENGINEER) ? 3 : id === WORKS ? 1 : 0;
      return last ? [{ id, others: this.#othersIn(id), last: this.#message(last), unread }] : [];
    });
  }

  async timeline(conversation: ConversationId): Promise<OpenTimeline> {
    await pause(50);
    return this.#room(conversation).open(this.#began - 39 * MINUTE);
  }

  async hide(conversation: ConversationId, ids: readonly MessageId[]): Promise<void> {
    this.#room(conversation).hide(ids);
  }

  async clearHistory(conversation: ConversationId): Promise<void> {
    this.#room(conversation).clear();
    this.#emit('cleared', { conversation });
  }

  draft(conversation: ConversationId): ReturnType<Client['draft']> {
    return this.#drafts.get(conversation);
  }

  async setDraft(conversation: ConversationId, text: string): Promise<void> {
    if (text === '') this.#drafts.delete(conversation);
    else this.#drafts.set(conversation, { text, at: Date.now() });
  }

  pins(): readonly ConversationId[] {
    return this.#pins;
  }

  async setPinned(conversation: ConversationId, isPinned: boolean): Promise<void> {
    this.#pins = [...this.#pins.filter((id) => id !== conversation), ...(isPinned ? [conversation] : [])];
    this.#emit('pins', { conversations: this.#pins });
  }

  async evidence(): Promise<Uint8Array> {
    return new Uint8Array(2_000);
  }

  async search(question: string): ReturnType<Client['search']> {
    const asked = question.toLowerCase();
    return [...this.#rooms.values()].flatMap(({ id: conversation, events }) =>
      events.flatMap(({ id, sender, content }) =>
        content?.kind === 'text' && content.text.toLowerCase().includes(asked)
          ? [{ conversation, id, sender, text: content.text, sentAt: content.sentAt, place: '' }]
          : [],
      ),
    );
  }

  readonly groups: PageClient['groups'] = {
    create: async () => WORKS,
    members: async () => ({
      kind: 'group',
      members: WORKS_PEOPLE.map(({ id }) => ({ user: id, role: id === ENGINEER.id ? 'owner' : 'member' })),
      pending: [],
    }),
    invite: async () => 'done',
    remove: async () => 'done',
    setRole: async () => 'done',
    leave: async () => 'done',
  };

  async explain(id: MessageId): ReturnType<Client['explain']> {
    await pause(200);
    const event = [...this.#rooms.values()].flatMap(({ events }) => events).find((known) => known.id === id);
    return { route: event?.stamp ? ROUTE : undefined, legs: [] };
  }

  conversationWith(user: User): ConversationId {
    return conversationOf(user);
  }

  #othersIn(conversation: ConversationId): readonly User[] {
    if (conversation === WORKS) return WORKS_PEOPLE.filter((user) => user !== CLERK);
    return PEOPLE.filter((person) => conversationOf(person) === conversation);
  }

  #event(conversation: ConversationId, id: MessageId): OpenedEvent {
    const event = this.#room(conversation).events.find((known) => known.id === id);
    if (!event) throw new RefusedError('message-unknown', 'acted');
    return event;
  }

  #message({ id, conversation, sender, recipients, content, stamp, state, problem }: OpenedEvent): Message {
    const known = (user: User['id']): User[] => [CLERK, ...PEOPLE].filter((person) => person.id === user);
    return {
      id,
      conversation,
      from: known(sender)[0] ?? CLERK,
      to: recipients.flatMap(known),
      mine: sender === CLERK.id,
      text: content?.kind === 'text' ? content.text : undefined,
      sentAt: content?.sentAt ?? stamp?.ms ?? 0,
      state,
      ...(stamp && { stamp }),
      ...(problem !== undefined && { problem }),
    };
  }
}

const ROUTE: Route = {
  kind: 'direct-tcp',
  hops: [KYIV, LVIV].flatMap((realm, index) => {
    const node = { realm, role: 'node', pid: 4100 + index, peerId: '12D3KooWPrKqF3Vq9hZkYwJ4' } as const;
    const relay = { realm, role: 'relay', pid: 4200 + index, peerId: '12D3KooWQhE1dY9vM2sLbT7c' } as const;
    return index === 0 ? [node, relay] : [relay, node];
  }),
};
