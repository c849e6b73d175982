// The whole surface for those who use the library: what concerns the session is the session's (session.ts), all else is asked of the desk
// of the user who is signed in (desk.ts).
import type { User } from '../protocols/lan/wire.ts';
import { type Clock, systemClock } from '../realm/clock.ts';
import { RefusedError } from '../realm/errors.ts';
import { type ConversationId, directConversationId, type MessageId, type UserId } from '../realm/ids.ts';
import type { Contacts } from './contacts.ts';
import { failure } from './failure.ts';
import type { Files } from './files/files.ts';
import type { Groups } from './groups.ts';
import type { Draft } from './personal/forms.ts';
import { Session } from './session.ts';
import type {
  Act,
  Client,
  ClientEvents,
  ClientInit,
  Islands,
  LoginOptions,
  LogoutOptions,
  Queued,
  SendRequest,
  StateChange,
} from './surface.ts';
import { TypingPace } from './typing-pace.ts';

export class SignedClient implements Client {
  readonly #session: Session;
  readonly #typing: TypingPace;

  constructor(init: ClientInit) {
    const clock: Clock = init.clock ?? systemClock;
    this.#session = new Session({ ...init, clock });
    this.#typing = new TypingPace(clock);
  }

  get me() {
    return this.#session.me;
  }

  get connection() {
    return this.#session.connection;
  }

  get account() {
    return this.#session.account;
  }

  get accountState() {
    return this.#session.accountState;
  }

  get files(): Files | undefined {
    return this.#session.desk?.files;
  }

  get islands(): Islands {
    return this.#session.desk?.incoming.islands ?? { realms: [] };
  }

  get groups(): Groups {
    return this.#session.atDesk().groups;
  }

  get contacts(): Contacts {
    return this.#session.atDesk().contacts;
  }

  on<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void): () => void {
    return this.#session.events.on(type, listener);
  }

  server(signal?: AbortSignal) {
    return this.#session.server(signal);
  }

  login(address: string, password: string, options?: LoginOptions) {
    return this.#session.login(address, password, options);
  }

  resume(token?: string) {
    return this.#session.resume(token);
  }

  changePassword(password: string, newPassword: string) {
    return this.#session.changePassword(password, newPassword);
  }

  logout(options?: LogoutOptions) {
    return this.#session.logout(options);
  }

  recoverAccount(recoveryKey: string) {
    return this.#session.recoverAccount(recoveryKey);
  }

  acceptOlderVault(recoveryKey: string) {
    return this.#session.acceptOlderVault(recoveryKey);
  }

  acceptPassword() {
    return this.#session.acceptPassword();
  }

  beginAccountAnew() {
    return this.#session.beginAccountAnew();
  }

  connect(): void {
    this.#session.connect();
  }

  disconnect(): void {
    this.#session.disconnect();
  }

  async drained(signal?: AbortSignal): Promise<void> {
    await this.#session.desk?.sending.drained(signal);
  }

  queued(): readonly Queued[] {
    return this.#session.desk?.sending.queued() ?? [];
  }

  refused(): readonly StateChange[] {
    return this.#session.desk?.sending.failed() ?? [];
  }

  async send(request: SendRequest) {
    const { sending } = this.#session.atDesk();
    return sending.send(request, await this.#userOf(request.to));
  }

  async retry(id: MessageId): Promise<void> {
    return this.#session.atDesk().sending.retry(id);
  }

  async typing(to: string | User): Promise<void> {
    const user = await this.#userOf(to);
    const conversation = this.conversationWith(user);
    if (!this.#typing.isDue(conversation)) return;
    this.#session.send({ kind: 'typing', conversation, to: [user.id] });
  }

  async typingIn(conversation: ConversationId): Promise<void> {
    if (this.#typing.isDue(conversation)) this.#session.send({ kind: 'typing', conversation, to: [] });
  }

  async markRead(id: MessageId, conversation?: ConversationId): Promise<void> {
    await this.#session.atDesk().markRead(id, conversation);
  }

  watch(users: readonly User[]): void {
    this.#session.people.remember(users);
    this.#session.watch(users.map((user) => user.id));
  }

  findUser(address: string, signal?: AbortSignal) {
    return this.#session.people.byAddress(address, signal);
  }

  searchUsers(prefix: string, signal?: AbortSignal) {
    return this.#session.people.search(prefix, signal);
  }

  userById(id: UserId, signal?: AbortSignal) {
    return this.#session.people.byId(id, signal);
  }

  async conversations(signal?: AbortSignal) {
    return this.#session.atDesk().overview.conversations(signal);
  }

  async history(conversation: ConversationId, options?: { before?: string; limit?: number; signal?: AbortSignal }) {
    return this.#session.atDesk().overview.history(conversation, options);
  }

  async readers(id: MessageId, signal?: AbortSignal) {
    return this.#session.atDesk().library.readers(id, signal);
  }

  async explain(id: MessageId, signal?: AbortSignal) {
    return this.#session.atDesk().library.explain(id, signal);
  }

  async route(id: MessageId, signal?: AbortSignal) {
    return this.#session.atDesk().library.route(id, signal);
  }

  async evidence(conversation: ConversationId, id: MessageId): Promise<Uint8Array> {
    return this.#session.atDesk().reports.make(conversation, id);
  }

  async timeline(conversation: ConversationId) {
    return this.#session.atDesk().chats.timeline(conversation);
  }

  async act(conversation: ConversationId, act: Act): Promise<MessageId> {
    return this.#session.atDesk().act(conversation, act);
  }

  async search(
    question: string,
    { limit = 50, ...more }: { conversation?: ConversationId; before?: string; limit?: number } = {},
  ) {
    return this.#session.atDesk().overview.search(question, { ...more, limit });
  }

  async hide(conversation: ConversationId, ids: readonly MessageId[]): Promise<void> {
    const { personal, sending } = this.#session.atDesk();
    for (const id of ids) await sending.discard(id);
    await personal.hide(conversation, ids);
  }

  clearHistory(conversation: ConversationId): Promise<void> {
    return this.#session.atDesk().personal.clear(conversation, false);
  }

  draft(conversation: ConversationId): Draft | undefined {
    return this.#session.desk?.personal.drafts.of(conversation);
  }

  async setDraft(conversation: ConversationId, text: string, replyTo?: MessageId): Promise<void> {
    await this.#session.atDesk().personal.drafts.set(conversation, text, replyTo);
  }

  pins(): readonly ConversationId[] {
    return this.#session.desk?.personal.pins.list() ?? [];
  }

  async setPinned(conversation: ConversationId, isPinned: boolean): Promise<void> {
    await this.#session.atDesk().personal.pins.set(conversation, isPinned);
  }

  counters(): Record<string, number> {
    return this.#session.desk?.engine.counters() ?? {};
  }

  conversationWith(user: User): ConversationId {
    return directConversationId(this.#session.present().user.id, user.id);
  }

  async #userOf(to: string | User): Promise<User> {
    if (typeof to !== 'string') return to;
    const user = await this.#session.people.byAddress(to);
    if (!user) throw failure(RefusedError, 'user-unknown', { address: to.slice(0, 80) });
    return user;
  }
}
