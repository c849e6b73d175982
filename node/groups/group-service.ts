// Groups of one node: those whose order it keeps, those it follows, and what its clients ask of both.
import type { SignedIntent } from '../../src/crypto/intent.ts';
import type { Network } from '../../src/overlay/seam.ts';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import { MAX_BODY } from '../../src/protocols/errand/index.ts';
import { decodeOrderRequest, encodeOrderAnswer } from '../../src/protocols/order/frames.ts';
import { GROUP_ORDER } from '../../src/protocols/order/index.ts';
import { answerOrRefusal, OrderServer } from '../../src/protocols/order/server.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { messageOf, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { ConversationId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { LostReferences } from '../blobs/blobs.ts';
import type { ConversationService } from '../conversations/conversation-service.ts';
import type { MessageRules } from '../conversations/message-rules.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Directory } from '../directory/directory.ts';
import type { KeyBook } from '../directory/key-book.ts';
import type { Errands } from '../errands/errands.ts';
import type { WritePermit } from '../incarnation/write-permit.ts';
import type { MailService } from '../mails/mail-service.ts';
import { FanOut } from './fan-out.ts';
import { Following } from './following.ts';
import { GivingBack } from './giving-back.ts';
import { GroupReader } from './group-reader.ts';
import type { GroupRosters } from './group-rosters.ts';
import type { Accepted, Author, GroupInfo, InspectCommit, InspectInfo, ProposedChange } from './groups.ts';
import { HeldMessages } from './held-messages.ts';
import { HomeOrder } from './home-order.ts';
import { Intents } from './intents.ts';
import { MovedMembers } from './moved-members.ts';
import { OrderDesk } from './order-desk.ts';
import { RemoteOrder } from './remote-order.ts';
import { Takeover } from './takeover.ts';

export interface GroupServiceInit {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly database: Pick<Database, 'commit' | 'get' | 'iterate'>;
  readonly rosters: GroupRosters;
  readonly conversations: ConversationService;
  readonly outbox: Pick<Outbox, 'add' | 'assertRoom'>;
  readonly network: Pick<Network, 'open' | 'handle'>;
  readonly mails: Pick<MailService, 'send'>;
  readonly directory: Pick<Directory, 'findById' | 'meet'> & Partial<Pick<Directory, 'list' | 'onChange'>>;
  readonly rules?: MessageRules;
  /** Who keeps the order of groups that began at a realm; absent: no realm was ever retired. */
  readonly homeOf?: (realm: RealmName) => RealmName;
  /** Devices that are certified; absent: nothing is taken back from clients. */
  readonly keys?: Pick<KeyBook, 'keysOf'>;
  /** Absent: no file of a message is taken back. */
  readonly blobs?: LostReferences;
  /** Absent in tests, whose commits are opaque. */
  readonly inspect?: InspectCommit;
  readonly inspectInfo?: InspectInfo;
  /** Absent: only realms that may connect are asked. */
  readonly errands?: Pick<Errands, 'ask' | 'answer'>;
  /** Whether a realm may be connected to; any when absent. */
  readonly isDirect?: (realm: RealmName) => boolean;
  /** Absent: this node may always number things. */
  readonly permit?: Pick<WritePermit, 'assert'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Commits of one user, and of all. */
const COMMITS = { perSecond: 5, burst: 300 };
const COMMITS_IN_ALL = { perSecond: 200, burst: 5000 };
/** Members of a group in which typing is shown. */
const MAX_TYPING = 50;
/** Milliseconds between two looks for messages that waited too long. */
const SWEEP_INTERVAL = 3600_000;

export class GroupService {
  readonly #init: GroupServiceInit;
  readonly #home: HomeOrder;
  readonly #homeOf: (realm: RealmName) => RealmName;
  readonly #stopped = new AbortController();
  readonly #rate: RateLimiter;
  readonly #remote: RemoteOrder;
  readonly #following: Following;
  readonly #held: HeldMessages;
  readonly #moved: MovedMembers;
  readonly #server: OrderServer;
  readonly reader: GroupReader;
  readonly intents: Intents;
  readonly givingBack: GivingBack;
  #sweep: Timer | undefined;

  constructor(init: GroupServiceInit) {
    const { conversations, rosters } = init;
    const { store, book } = rosters;
    book.locateBy((user) => init.directory.findById(user)?.home);
    const homeOf = init.homeOf ?? ((realm: RealmName): RealmName => realm);
    const parts = { ...init, ...conversations.parts, store, book, homeOf };
    this.#homeOf = homeOf;
    this.#rate = new RateLimiter(init.clock, COMMITS, COMMITS_IN_ALL);
    this.#init = init;
    this.intents = new Intents(parts);
    conversations.intentsTo((item, { intent }) => this.intents.judge(item, intent));
    this.#following = new Following({
      ...parts,
      onGap: (conversation, group, ask) => this.#remote.fill(conversation, group, ask),
      onChanged: (conversation) => this.#changed(conversation),
    });
    this.#remote = new RemoteOrder(parts, this.#following);
    const ask: RemoteOrder['ask'] = (...given) => this.#remote.ask(...given);
    const takeover = new Takeover({ ...parts, ask, following: this.#following });
    const events = conversations.parts.store;
    const { keys, inspect } = init;
    this.givingBack = new GivingBack({ ...parts, store: events, keys, inspect, takeover, following: this.#following });
    this.#home = new HomeOrder({
      ...parts,
      fanOut: new FanOut(parts),
      takeover,
      stopping: this.#stopped.signal,
      onChanged: (conversation) => this.#changed(conversation),
    });
    this.#moved = new MovedMembers({ ...init, store, book }, this.#home);
    this.#held = new HeldMessages({
      ...parts,
      ingest: (items, finish) => conversations.ingest(items, finish),
      mayBeLate: (...given) => rosters.mayBeLate(...given),
      onGap: (conversation, group, ask) => this.#remote.fill(conversation, group, ask),
    });
    rosters.holdBy(this.#held);
    conversations.judge('commit', (item) => this.#following.judge(item));
    const desk = new OrderDesk({ ...parts, home: this.#home });
    this.#server = new OrderServer({ ...parts, answer: (peer, request) => desk.answer(peer.realm, request) });
    init.errands?.answer(GROUP_ORDER, async (origin, body) => {
      const answer = await answerOrRefusal(() => desk.answer(origin, decodeOrderRequest(body), MAX_BODY / 2));
      return encodeOrderAnswer(answer);
    });
    this.reader = new GroupReader({ ...parts, remote: this.#remote });
  }

  async start(): Promise<void> {
    this.#server.start();
    await this.#following.start();
    await this.#held.start();
    this.#moved.start();
    this.#sweepLater();
  }

  async stop(): Promise<void> {
    this.#sweep?.cancel();
    this.#stopped.abort(new UnreachableError('stopping', 'The node is stopping'));
    await this.#moved.stop();
    await this.#server.stop();
    await this.#remote.stop();
    await this.#following.stop();
  }

  counters(): Record<string, number> {
    return { ...this.#held.counters(), ...this.#remote.counters() };
  }

  /**
   * Resolves once the group's home has it on disk. The same commit again has the same answer.
   * @throws what HomeOrder.accept throws; UnreachableError `home-away`
   */
  async propose(author: Author, { welcomes, ...proposed }: ProposedChange, signal: AbortSignal): Promise<Accepted> {
    const { realm, rosters, mails, permit } = this.#init;
    permit?.assert();
    if (!this.#rate.take(author.user)) throw new RefusedError('group-rate', `${author.user} changes groups too fast`);
    const state = await rosters.book.get(proposed.conversation, proposed.group);
    const isHere = !state || this.#homeOf(state.home) === realm;
    const accepted = await (isHere
      ? this.#home.accept(author, proposed)
      : this.#remote.propose(author, proposed, state, signal));
    // The same commit again is accepted again, and its welcomes are known by their ids: so a client that got no answer repeats both.
    if (welcomes.length > 0) await mails.send(author, `welcome/${proposed.group}/${proposed.epoch}`, welcomes);
    return accepted;
  }

  /** What a member wants changed while the home is out of reach. @throws what Intents.propose throws */
  async intend(...given: Parameters<Intents['propose']>): Promise<SignedIntent> {
    this.#init.permit?.assert();
    return this.intents.propose(...given);
  }

  /** Messages that waited for the commit come in, and what it has done is no longer wanted. */
  async #changed(conversation: ConversationId): Promise<void> {
    await this.#held.release(conversation);
    await this.intents.settle(conversation);
  }

  /** Whom a member's typing is shown to; nobody in a group above MAX_TYPING. */
  async typingTo(user: UserId, conversation: ConversationId): Promise<UserId[]> {
    const members = (await this.#init.rosters.book.find(conversation))?.members;
    if (!members?.has(user) || members.size > MAX_TYPING) return [];
    return [...members.keys()].filter((other) => other !== user);
  }

  /** Group info of the present epoch, handed in after its commit. @throws EpochError; RefusedError `not-a-member`; UnreachableError `home-away` */
  async putInfo(author: Author, info: GroupInfo, signal: AbortSignal): Promise<void> {
    const { realm, rosters } = this.#init;
    const state = await rosters.book.get(info.conversation, info.group);
    if (!state || this.#homeOf(state.home) === realm) return this.#home.putInfo(author.user, info);
    return this.#remote.putInfo(author, info, state, signal);
  }

  #sweepLater(): void {
    this.#sweep = this.#init.clock.after(SWEEP_INTERVAL, () => {
      this.#held
        .sweep()
        .catch((error: unknown) => this.#init.log.error({ error: messageOf(error) }, 'held messages were not swept'));
      this.#sweepLater();
    });
  }
}
