// The whole client without a screen: what the view reads and calls. Everything of one login lives and ends together.
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Explanation, Me, Message, User } from '../../../src/client/client.ts';
import type { Clock } from '../../../src/realm/clock.ts';
import type { Language } from '../text/languages.ts';
import type { Texts } from '../text/texts.ts';
import { Chats, type Place } from './chats.ts';
import { ConnectionModel } from './connection.ts';
import { Drafts } from './drafts.ts';
import { ColleagueFinder } from './find-colleague.ts';
import { IslandsModel } from './islands.ts';
import type { LocalStore } from './local-store.ts';
import type { PageClient } from './page-client.ts';
import { People } from './people.ts';
import { Preferences, type Spoken } from './preferences.ts';
import { Screen } from './screen.ts';
import { SessionModel } from './session.ts';
import type { TabPlace } from './tab.ts';

export interface AppComponents {
  readonly client: PageClient;
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
}

/** What one logged-in person works with. */
export interface Workspace {
  readonly me: User;
  readonly realm: string;
  readonly people: People;
  readonly chats: Chats;
  readonly drafts: Drafts;
  readonly connection: ConnectionModel;
  readonly islands: IslandsModel;
  /** The demonstration's other person. */
  readonly colleague: ReadonlySignal<User | undefined>;
  newFinder(): ColleagueFinder;
  routeOf(message: Message, signal: AbortSignal): Promise<Explanation>;
  typing(to: User): void;
  reconnect(): void;
}

function realmOf({ address }: User): string {
  return address.slice(address.indexOf('@') + 1);
}

export class App {
  readonly session: SessionModel;
  readonly preferences: Preferences;
  readonly screen = new Screen();
  readonly workspace: Signal<Workspace | undefined> = signal(undefined);
  readonly #components: AppComponents;
  readonly #stops: (() => void)[] = [];

  constructor(components: AppComponents) {
    this.#components = components;
    this.session = new SessionModel(components);
    this.preferences = new Preferences(components);
  }

  start(): void {
    const opening = new AbortController();
    this.#stops.push(
      () => opening.abort(),
      this.session.stage.subscribe((stage) => {
        this.#leave();
        if (stage.kind === 'in') this.#enter(stage.me);
      }),
    );
    void this.session.open(opening.signal);
  }

  stop(): void {
    this.#leave();
    for (const stop of this.#stops.splice(0).toReversed()) stop();
  }

  /** What the login form is filled with: from the page's address, or from a demonstration. */
  suggestedUser(): string | undefined {
    return this.#components.suggestedUser ?? this.session.server.value?.demo?.user;
  }

  /** The page is going: what is typed reaches the disk. */
  flush(): void {
    this.workspace.value?.drafts.flush();
  }

  #enter({ user }: Me): void {
    const { client, clock, store, place, visible, focused, online } = this.#components;
    const people = new People({ client, clock });
    const attentive = computed(() => visible.value && focused.value);
    const chats = new Chats({ client, clock, store, people, place, attentive, me: user });
    const connection = new ConnectionModel({ client, clock, online });
    const realms = () => new Set(chats.list.value.map(({ person }) => realmOf(person)));
    const islands = new IslandsModel({ client, realms });
    const realm = this.session.server.peek()?.realm ?? realmOf(user);
    this.workspace.value = {
      me: user,
      realm,
      people,
      chats,
      connection,
      islands,
      drafts: new Drafts({ store, clock, owner: user.id }),
      colleague: this.#demoColleague(user),
      newFinder: () => new ColleagueFinder({ client, clock, me: user, realm }),
      routeOf: (message, signal) => client.explain(message.id, signal),
      typing: (to) => void client.typing(to).catch(() => undefined),
      reconnect: () => client.connect(),
    };
    people.start();
    connection.start();
    islands.start();
    void chats.start();
  }

  #leave(): void {
    const workspace = this.workspace.peek();
    if (!workspace) return;
    workspace.drafts.flush();
    workspace.chats.stop();
    workspace.connection.stop();
    workspace.islands.stop();
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
