// A client without a server, for looking at the view: it acts out a scene and answers what is written to it.
import type { Client, ClientEvents, HistoryPage, Me, Message, Route, User } from '../../../src/client/client.ts';
import { InputError, RefusedError, UnreachableError } from '../../../src/realm/errors.ts';
import { directConversationId, parseDeviceId, parseMessageId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import type { PageClient } from '../model/page-client.ts';
import { CLERK, history, PEOPLE } from './acted-people.ts';

export type Scene = 'login' | 'first-password' | 'locked' | 'elsewhere' | 'empty' | 'chat' | 'offline' | 'opening';

const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const PASSWORD = 'correct horse';

type Listener = (event: never) => void;

export class ActedClient implements PageClient {
  me: Me | undefined;
  connection: Client['connection'] = 'offline';
  readonly files = undefined;
  accountState: Client['accountState'] = { kind: 'none' };
  readonly #scene: Scene;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #messages: Message[];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#messages = scene === 'empty' ? [] : history();
  }

  on<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  #emit<K extends keyof ClientEvents>(type: K, event: ClientEvents[K]): void {
    for (const listener of this.#listeners.get(type) ?? []) (listener as (event: ClientEvents[K]) => void)(event);
  }

  async server(): ReturnType<Client['server']> {
    if (this.#scene === 'opening') throw new UnreachableError('server-unreachable', 'acted');
    const demo = { user: CLERK.address, colleague: PEOPLE[0]?.address ?? '' };
    return { realm: KYIV, versions: [1], capabilities: [], time: Date.now(), demo };
  }

  async login(_address: string, password: string, options?: { newPassword?: string }): Promise<Me> {
    await pause(700);
    if (password !== PASSWORD) throw new RefusedError('login-refused', 'acted');
    if (this.#scene === 'first-password' && !options?.newPassword) {
      throw new RefusedError('password-change-required', 'acted');
    }
    return this.#enter();
  }

  async resume(): Promise<Me | undefined> {
    return ['login', 'first-password', 'locked'].includes(this.#scene) ? undefined : this.#enter();
  }

  #enter(): Me {
    const device = parseDeviceId('00000000-0000-4000-8000-0000000000d1');
    const me = { user: CLERK, device };
    this.me = me;
    if (this.#scene === 'locked') this.accountState = { kind: 'locked', why: 'other-password' };
    return me;
  }

  async recoverAccount(recoveryKey: string): Promise<void> {
    await pause(700);
    if (recoveryKey.length < 40) throw new InputError('recovery-key-length', 'acted');
    this.accountState = { kind: 'open' };
  }

  async beginAccountAnew(): Promise<void> {
    await pause(700);
    this.accountState = { kind: 'open' };
  }

  async changePassword(): Promise<Me> {
    return this.#enter();
  }

  async logout(): Promise<void> {
    this.me = undefined;
  }

  connect(): void {
    if (!this.me || this.connection === 'live') return;
    this.connection = this.#scene === 'offline' ? 'waiting' : 'live';
    this.#emit('connection', { state: this.connection });
    if (this.connection === 'waiting') return;
    this.#emit('ready', { me: this.me });
    const [engineer, accounts, drawing, director] = PEOPLE;
    if (engineer) this.#emit('presence', { user: engineer, state: 'online' });
    if (accounts) this.#emit('presence', { user: accounts, state: 'offline', lastSeenAt: Date.now() - 25 * 60_000 });
    if (drawing) this.#emit('presence', { user: drawing, state: 'online' });
    if (director) this.#emit('presence', { user: director, state: 'offline', lastSeenAt: Date.now() - 3 * 86_400_000 });
    if (drawing) setInterval(() => this.#type(drawing), 4000);
  }

  #type(user: User): void {
    this.#emit('typing', { user, conversation: this.conversationWith(user), active: true });
  }

  disconnect(): void {
    this.connection = 'offline';
  }

  async drained(): Promise<void> {}

  async send({ to, text }: { to: string | User; text: string }): Promise<Message> {
    const person = PEOPLE.find((user) => user === to || user.address === to);
    if (!person) throw new RefusedError('user-unknown', 'acted');
    const message: Message = {
      id: parseMessageId(crypto.randomUUID()),
      conversation: this.conversationWith(person),
      from: CLERK,
      to: [person],
      mine: true,
      text,
      sentAt: Date.now(),
      state: 'queued',
    };
    this.#messages.push(message);
    this.#emit('message', message);
    if (this.connection === 'live') void this.#play(message, person);
    return message;
  }

  async #play(message: Message, person: User): Promise<void> {
    const { id, conversation } = message;
    for (const state of ['stored', 'delivered', 'read'] as const) {
      await pause(500);
      this.#emit('state', { id, conversation, state });
    }
    this.#type(person);
    await pause(1500);
    const now = Date.now();
    const back = { from: person, to: [CLERK], mine: false, text: `You said: ${message.text ?? ''}` };
    const answer: Message = {
      ...message,
      ...back,
      id: parseMessageId(crypto.randomUUID()),
      sentAt: now,
      state: 'stored',
    };
    this.#messages.push(answer);
    this.#emit('message', answer);
  }

  async retry(id: Message['id']): Promise<void> {
    const message = this.#messages.find((known) => known.id === id);
    if (message) this.#emit('state', { id, conversation: message.conversation, state: 'queued' });
  }

  async typing(): Promise<void> {}
  async markRead(): Promise<void> {}
  watch(): void {}

  async findUser(address: string): Promise<User | undefined> {
    await pause(200);
    return [CLERK, ...PEOPLE].find((user) => user.address === address);
  }

  async searchUsers(prefix: string): Promise<readonly User[]> {
    return PEOPLE.filter((user) => user.address.startsWith(prefix));
  }

  async userById(id: User['id']): Promise<User | undefined> {
    return PEOPLE.find((user) => user.id === id);
  }

  async conversations(): ReturnType<Client['conversations']> {
    if (this.#scene === 'empty') return [];
    return PEOPLE.flatMap((person, index) => {
      const id = this.conversationWith(person);
      const last = this.#messages.findLast(({ conversation }) => conversation === id);
      return last ? [{ id, others: [person], last, unread: [2, 3, 0, 0][index] ?? 0 }] : [];
    });
  }

  async history(id: string, options: { before?: string; limit?: number } = {}): Promise<HistoryPage> {
    await pause(150);
    const all = this.#messages.filter(({ conversation }) => conversation === id);
    const end = options.before === undefined ? all.length : Number(options.before);
    const start = Math.max(0, end - (options.limit ?? 50));
    return { messages: all.slice(start, end), before: start === 0 ? undefined : String(start) };
  }

  readonly islands: Client['islands'] = { realms: [] };

  async explain(id: Message['id']): ReturnType<Client['explain']> {
    return { route: await this.route(id), legs: [] };
  }

  async route(id: Message['id']): Promise<Route | undefined> {
    await pause(200);
    if (this.#messages.find((message) => message.id === id)?.state === 'queued') return undefined;
    const hops = [KYIV, LVIV].flatMap((realm, index) => {
      const node = { realm, role: 'node', pid: 4100 + index, peerId: '12D3KooWPrKqF3Vq9hZkYwJ4' } as const;
      const relay = { realm, role: 'relay', pid: 4200 + index, peerId: '12D3KooWQhE1dY9vM2sLbT7c' } as const;
      return index === 0 ? [node, relay] : [relay, node];
    });
    return { kind: 'direct-tcp', hops };
  }

  conversationWith(user: User): Message['conversation'] {
    return directConversationId(CLERK.id, user.id);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
