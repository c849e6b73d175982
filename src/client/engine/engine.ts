// End-to-end encryption of one signed-in device: puts the parts beside this file together. The rest of the library gives it content and
// bodies, commits and mails that came, and gets sealed bodies and opened events.
import type { MadeContent } from '../../crypto/content.ts';
import { CertificateReader } from '../../crypto/mls/certificate-reader.ts';
import type { MlsGroup } from '../../crypto/mls/mls-group.ts';
import type { Roster, RosterKind } from '../../crypto/roster.ts';
import type { SealingContext } from '../../crypto/sealed-message.ts';
import type { FrameMessage } from '../../protocols/lan/wire.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError, codeOf, UnreachableError } from '../../realm/errors.ts';
import {
  type ConversationId,
  directConversationId,
  type GroupId,
  type MessageId,
  type UserId,
} from '../../realm/ids.ts';
import type { RealmName } from '../../realm/names.ts';
import type { RandomBytes } from '../../realm/random.ts';
import type { Account } from '../account/account.ts';
import { isPin } from '../account/people-keys.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { Http } from '../http.ts';
import type { OpenedEvent } from '../timeline/events.ts';
import { CommitBook } from './commit-book.ts';
import { DeviceChecks } from './device-checks.ts';
import { HttpDeviceServer } from './device-server.ts';
import { conversationOfEpoch, EpochBook } from './epoch-book.ts';
import { GoneDevices } from './gone-devices.ts';
import type { MakeChange } from './group-changing.ts';
import type { GroupNews } from './group-following.ts';
import { GroupKeeper } from './group-keeper.ts';
import { HttpGroupServer } from './group-server.ts';
import { GroupStore } from './group-store.ts';
import { Intents } from './intents.ts';
import { KeyPackages } from './key-packages.ts';
import { Mailroom, type Reopened } from './mailroom.ts';
import { MessageKeys, type Opener } from './message-keys.ts';
import { Sequences } from './sequences.ts';

export interface EngineComponents {
  readonly account: Account;
  readonly cache: ClientCache;
  readonly http: Pick<Http, 'get' | 'post'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** The own user's home. */
  readonly home: RealmName;
  readonly isConnected: () => boolean;
  readonly onNews: (conversation: ConversationId, news: GroupNews) => void;
  /** Events that can be read now. */
  readonly onOpened: (opened: readonly Reopened[]) => void;
  readonly onTrouble: (code: string, conversation: ConversationId | undefined) => void;
}

/** What is known of a group's members, as far as this device has it. */
export interface KnownGroup {
  readonly group: GroupId;
  readonly roster: Roster;
  readonly ownersGone: boolean;
}

export class Engine {
  /** What home accepted lately. */
  readonly commits: CommitBook;
  readonly intents: Intents;
  readonly #c: EngineComponents;
  readonly #keeper: GroupKeeper;
  readonly #packages: KeyPackages;
  readonly #messages: MessageKeys;
  readonly #mailroom: Mailroom;
  readonly #epochs: EpochBook;
  readonly #checks: DeviceChecks;
  /** By a commit that was followed here: nobody has to ask the server, which would refuse it. */
  readonly #left = new Set<ConversationId>();
  readonly #stop: () => void;

  constructor(components: EngineComponents) {
    this.#c = components;
    const { account, cache, http, clock, random, onNews } = components;
    this.commits = new CommitBook(cache, clock);
    const me = { certificate: account.certificate, signature: account.keys.signature };
    const devices = new HttpDeviceServer(http);
    const epochs = new EpochBook(account.vault);
    this.#epochs = epochs;
    const gone = new GoneDevices(account.vault);
    this.#checks = new DeviceChecks({ account, clock });
    this.#packages = new KeyPackages({ me, cache, server: devices, clock });
    this.#keeper = new GroupKeeper({
      server: this.commits.watching(new HttpGroupServer(http), account.certificate),
      packages: devices,
      own: this.#packages,
      store: new GroupStore(cache),
      epochs,
      gone,
      checks: this.#checks,
      parts: { me, checks: this.#checks, certificates: new CertificateReader(), clock },
      clock,
      random,
      onChange: (conversation, news) => {
        if (news.before && !news.after) this.#left.add(conversation);
        onNews(conversation, news);
      },
    });
    this.intents = new Intents({ account, checks: this.#checks, http, clock });
    const sequences = new Sequences(cache);
    const shared = { account, epochs, gone, keeper: this.#keeper, checks: this.#checks };
    const nextSeq = ({ conversation }: SealingContext) => sequences.next(conversation);
    this.#messages = new MessageKeys({ ...shared, signature: me.signature, nextSeq });
    const look = (message: FrameMessage) => this.#messages.look(message);
    this.#mailroom = new Mailroom({ ...components, ...shared, server: devices, look });
    this.#stop = account.vault.onChange((news) => {
      // whose identity was accepted may have written and changed groups before
      const isPinned = news.some(({ kind }) => isPin(kind));
      const conversations = isPinned
        ? this.#mailroom.conversations()
        : news.flatMap(({ kind, key }) => conversationOfEpoch(kind, key));
      for (const id of new Set(conversations)) void this.#quietly(id, () => this.#mailroom.retry(id));
    });
  }

  close(): void {
    this.#stop();
    this.#mailroom.close();
  }

  /** Lays out key packages: from then on others can write to this device. */
  ready(): Promise<void> {
    return this.#quietly(undefined, () => this.#packages.replenish());
  }

  /** The server may hold older ones than it had. */
  layOutAnew(): Promise<void> {
    return this.#quietly(undefined, () => this.#packages.layOutAnew());
  }

  /** After each connection: takes mails, tries again what could not be read. */
  async connected(): Promise<void> {
    this.#keeper.stale();
    this.#mailroom.connected();
    await this.ready();
    await this.#quietly(undefined, () => this.#mailroom.collect());
    await this.#quietly(undefined, () => this.#mailroom.askAgain());
  }

  disconnected(): void {
    this.#mailroom.disconnected();
  }

  /** Mails wait at the server. */
  mailed(): Promise<void> {
    return this.#quietly(undefined, () => this.#mailroom.collect());
  }

  /** Home accepted a commit. A conversation that this device has not joined is joined when it is used. */
  committed(conversation: ConversationId): Promise<void> {
    this.#keeper.stale(conversation);
    return this.#quietly(conversation, async () => {
      if (this.#mailroom.hasStuck) await this.#mailroom.collect();
      await this.#keeper.forward(conversation);
    });
  }

  /** @throws RefusedError, UnreachableError `recipient-no-device`, …; PeerError when what home accepted does not pass the checks */
  async seal(content: MadeContent, context: SealingContext, other?: UserId): Promise<Uint8Array> {
    const { conversation } = context;
    const wanted = { roster: () => this.#direct(conversation, other), other };
    return this.#keeper.ready(conversation, wanted, (group) => this.#messages.seal(group, content, context));
  }

  /** Never rejects for what others sent. What lacks a key is opened later, and told by `onOpened`. */
  async open(message: FrameMessage): Promise<OpenedEvent> {
    const looked = await this.#messages.look(message);
    this.#mailroom.hold(message, looked);
    return looked.event;
  }

  /** What opens one message for somebody else (message-keys.ts). */
  openerOf(body: Uint8Array, context: SealingContext): Promise<Opener | undefined> {
    return this.#messages.openerOf(body, context);
  }

  /** Whether its key is still to come. */
  isWaiting(id: MessageId): boolean {
    return this.#mailroom.holds(id);
  }

  createGroup(conversation: ConversationId, roster: Roster): Promise<MlsGroup> {
    return this.#keeper.create(conversation, roster);
  }

  changeGroup(conversation: ConversationId, make: MakeChange): Promise<MlsGroup> {
    return this.#keeper.change(conversation, make);
  }

  packagesOf(users: readonly UserId[]): Promise<readonly Uint8Array[]> {
    return this.#keeper.packagesOf(users);
  }

  /** As this device has it, without asking anybody. */
  present(conversation: ConversationId): Promise<MlsGroup | undefined> {
    return this.#keeper.present(conversation);
  }

  /** Of its group, or of one that another device of the user has seen; undefined as long as no key of it is here. */
  async kind(conversation: ConversationId): Promise<RosterKind | undefined> {
    const present = await this.#keeper.present(conversation);
    if (present) return present.roster.kind;
    const [seen] = this.#epochs.newest(conversation).values();
    return seen?.roster.kind;
  }

  /** As the server has it if it can be asked; else by what this device, or another of the user, knew last. */
  async known(conversation: ConversationId): Promise<KnownGroup | undefined> {
    if (this.#left.has(conversation) && !(await this.#keeper.settled(conversation))) return undefined;
    const group = await this.#keeper.follow(conversation).catch((error: unknown) => {
      if (!(error instanceof UnreachableError)) throw error;
      return this.#keeper.present(conversation);
    });
    if (group) return { group: group.group, roster: group.roster, ownersGone: group.actor.ownersGone };
    return this.seen(conversation);
  }

  /** By what any device of the user has seen, without asking anybody. */
  seen(conversation: ConversationId): KnownGroup | undefined {
    const [seen] = [...this.#epochs.newest(conversation).values()].sort((a, b) => (a.group < b.group ? -1 : 1));
    return seen && { group: seen.group, roster: seen.roster, ownersGone: false };
  }

  /** Brought forward, or joined. */
  group(conversation: ConversationId): Promise<MlsGroup | undefined> {
    return this.#keeper.follow(conversation);
  }

  /** Somebody's devices or identity changed. */
  forgetPerson(user: UserId): void {
    this.#checks.forget(user);
  }

  /** What could not be read, by code; `unable-to-decrypt` is what is unreadable at present. */
  counters(): Record<string, number> {
    return { ...this.#messages.counters(), 'unable-to-decrypt': this.#mailroom.waiting };
  }

  #direct(conversation: ConversationId, other: UserId | undefined): Roster {
    const { account, home } = this.#c;
    if (!other || directConversationId(account.user, other) !== conversation) {
      throw new CanopyError('conversation-unknown', 'there is no such conversation to write to');
    }
    const users = [...new Set([account.user, other])];
    return { kind: 'direct', home, term: 0, members: users.map((user) => ({ user, role: 'owner' as const })) };
  }

  async #quietly(conversation: ConversationId | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      this.#c.onTrouble(codeOf(error), conversation);
    }
  }
}
