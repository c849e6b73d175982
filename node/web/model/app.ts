// The whole client without a screen: what the view reads and calls. Everything of one login lives and ends together.
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Explanation, Me, User } from '../../../src/client/client.ts';
import type { Clock } from '../../../src/realm/clock.ts';
import type { MessageId } from '../../../src/realm/ids.ts';
import type { Language } from '../text/languages.ts';
import type { Texts } from '../text/texts.ts';
import type { AccountClient } from './account-client.ts';
import type { Chat } from './chat.ts';
import { Chats, type Place } from './chats.ts';
import { ConnectionModel } from './connection.ts';
import { Conversing } from './conversing.ts';
import { FileDesk } from './file-desk.ts';
import { ColleagueFinder } from './find-colleague.ts';
import { Identities } from './identities.ts';
import { IdleLock } from './idle-lock.ts';
import { IslandsModel } from './islands.ts';
import type { LocalStore } from './local-store.ts';
import { type NoticeBoard, Notifications } from './notifications.ts';
import { OwnAccount } from './own-account.ts';
import type { PageClient } from './page-client.ts';
import type { PageFiles } from './page-files.ts';
import { PageVersion, type VersionSource } from './page-version.ts';
import { People } from './people.ts';
import { Photos } from './photos.ts';
import { Preferences, type Spoken } from './preferences.ts';
import { Screen } from './screen.ts';
import { SessionModel, type Stage } from './session.ts';
import type { TabPlace } from './tab.ts';
import { Troubles } from './troubles.ts';

export interface AppComponents {
  readonly client: PageClient & AccountClient;
  readonly tab: TabPlace;
  readonly clock: Clock;
  readonly store: LocalStore;
  readonly place: Place;
  /** The language that the page begins with. */
  readonly spoken: Spoken;
  readonly loadTexts: (language: Language) => Promise<Texts>;
  /** The username that the page's address suggests. */
  readonly suggestedUser: string | undefined;
  readonly visible: ReadonlySignal<boolean>;
  readonly focused: ReadonlySignal<boolean>;
  readonly online: ReadonlySignal<boolean>;
  readonly notices: NoticeBoard;
  readonly files: PageFiles;
  readonly version: VersionSource;
}

/** What one logged-in person works with. */
export interface Workspace {
  readonly account: OwnAccount;
  readonly identities: Identities;
  readonly me: User;
  readonly realm: string;
  readonly people: People;
  readonly photos: Photos;
  readonly chats: Chats;
  /** What is done in conversations. */
  readonly conversing: Conversing;
  readonly files: FileDesk;
  readonly connection: ConnectionModel;
  readonly islands: IslandsModel;
  readonly troubles: Troubles;
  /** The demonstration's other person. */
  readonly colleague: ReadonlySignal<User | undefined>;
  newFinder(): ColleagueFinder;
  routeOf(id: MessageId, signal: AbortSignal): Promise<Explanation>;
  typing(chat: Chat): void;
  reconnect(): void;
}

function realmOf({ address }: User): string {
  return address.slice(address.indexOf('@') + 1);
}

/** Nobody of before is expected back; after a lock, or a session that ended, the same person goes on where they were. */
function isGone(stage: Stage): boolean {
  return stage.kind === 'login' && (stage.why === undefined || stage.why === 'deleted' || stage.why === 'wiped');
}

export class App {
  readonly session: SessionModel;
  readonly preferences: Preferences;
  readonly idle: IdleLock;
  readonly notifications: Notifications;
  readonly version: PageVersion;
  readonly screen = new Screen();
  /** The own account as soon as it is open; its dialogs and the recovery key work on it. */
  readonly own: Signal<OwnAccount | undefined> = signal(undefined);
  readonly workspace: Signal<Workspace | undefined> = signal(undefined);
  readonly #components: AppComponents;
  readonly #stops: (() => void)[] = [];

  constructor(components: AppComponents) {
    this.#components = components;
    this.session = new SessionModel(components);
    this.preferences = new Preferences(components);
    this.version = new PageVersion(components);
    const { visible, focused, notices } = components;
    this.notifications = new Notifications({
      ...components,
      board: notices,
      attentive: computed(() => visible.value && focused.value),
      words: this.preferences.words,
      onOpen: (conversation) => this.workspace.peek()?.chats.open(conversation),
    });
    this.idle = new IdleLock({ ...components, onIdle: () => void this.session.lock() });
  }

  start(): void {
    const opening = new AbortController();
    this.#stops.push(
      () => opening.abort(),
      () => this.version.stop(),
      this.session.stage.subscribe((stage) => {
        const wasIn = this.workspace.peek() !== undefined;
        this.#leave();
        // whoever is next here is not led to where this person was, nor told of it by the page's address
        if (wasIn && isGone(stage)) this.#components.place.current.value = undefined;
        this.#own(stage);
        if (stage.kind === 'in') this.#enter(stage.me);
      }),
    );
    this.version.start();
    void this.session.open(opening.signal);
  }

  stop(): void {
    this.#leave();
    for (const stop of this.#stops.splice(0).toReversed()) stop();
  }

  /** What the login form is filled with: from the page's address, or from a demonstration. */
  suggestedUser(): string | undefined {
    return this.session.lastUser.value ?? this.#components.suggestedUser ?? this.session.server.value?.demo?.user;
  }

  /** The page is going: what is typed reaches the disk. */
  async flush(): Promise<void> {
    await this.workspace.value?.conversing.drafts.flush();
  }

  #own(stage: Stage): void {
    const me = stage.kind === 'in' || stage.kind === 'recovery-key' ? stage.me : undefined;
    if (!me) this.own.value = undefined;
    else this.own.value ??= new OwnAccount(this.#components.client, me.user);
  }

  #enter({ user }: Me): void {
    const { client, clock, store, place, visible, focused, online } = this.#components;
    const people = new People({ client, clock, skew: this.session.skew });
    const attentive = computed(() => visible.value && focused.value);
    const chats = new Chats({ client, clock, store, people, place, attentive, me: user });
    const connection = new ConnectionModel({ client, clock, online });
    const conversing = new Conversing({ client, clock, store, chats, me: user.id });
    const largest = () => this.session.server.peek()?.limits?.file;
    const files = new FileDesk({ client, page: this.#components.files, chats, clock, largest });
    const realms = () => new Set(chats.list.value.flatMap((chat) => chat.people.map(realmOf)));
    const islands = new IslandsModel({ client, realms });
    const realm = this.session.server.peek()?.realm ?? realmOf(user);
    const identities = new Identities(client);
    const troubles = new Troubles({ client, skew: this.session.skew });
    this.workspace.value = {
      identities,
      account: this.own.peek() ?? new OwnAccount(client, user),
      me: user,
      realm,
      people,
      photos: new Photos(client),
      chats,
      connection,
      islands,
      troubles,
      conversing,
      files,
      colleague: this.#demoColleague(user),
      newFinder: () => new ColleagueFinder({ client, clock, me: user, realm }),
      routeOf: (id, signal) => client.explain(id, signal),
      typing: ({ id, person }) => void (person ? client.typing(person) : client.typingIn(id)).catch(() => undefined),
      reconnect: () => client.connect(),
    };
    this.notifications.start();
    identities.start();
    people.start();
    connection.start();
    islands.start();
    troubles.start();
    conversing.start();
    files.start();
    void chats.start();
    this.idle.start();
  }

  #leave(): void {
    const workspace = this.workspace.peek();
    if (!workspace) return;
    this.idle.stop();
    this.notifications.stop();
    workspace.conversing.stop();
    workspace.files.stop();
    workspace.chats.stop();
    workspace.connection.stop();
    workspace.islands.stop();
    workspace.troubles.stop();
    workspace.identities.stop();
    workspace.people.stop();
    this.workspace.value = undefined;
    this.screen.close();
  }

  #demoColleague(me: User): ReadonlySignal<User | undefined> {
    const found: Signal<User | undefined> = signal(undefined);
    const address = this.session.server.peek()?.demo?.colleague;
    if (address !== undefined && address !== me.address) {
      void this.#components.client
        .findUser(address)
        .catch(() => undefined)
        .then((user) => (found.value = user));
    }
    return found;
  }
}
