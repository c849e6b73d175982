// Presence of one node: its own users, those of other realms at whom somebody here looks, and who types.
import type { Network, Stream } from '../../src/overlay/seam.ts';
import type { UserState } from '../../src/protocols/presence/frames.ts';
import { MAX_PRESENCE_FRAME, PRESENCE_PROTOCOL, UPDATE_INTERVAL } from '../../src/protocols/presence/index.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { ConversationId, DeviceId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Directory } from '../directory/directory.ts';
import { LocalPresence } from './local-presence.ts';
import type { Presence, PresenceEvent, PresenceListener, Watch } from './presence.ts';
import { PresenceLink } from './presence-link.ts';
import { PresenceServer } from './presence-server.ts';
import { type Typing, TypingBoard } from './typing-board.ts';
import { Watchers } from './watchers.ts';

export interface PresenceInit {
  readonly realm: RealmName;
  readonly network: Pick<Network, 'open' | 'handle' | 'onPath'>;
  readonly directory: Pick<Directory, 'findById'>;
  /** Whether that realm and this one tell each other who is online and types; absent: all that may connect do. */
  readonly shares?: (realm: RealmName) => boolean;
  /** Whether that realm is told of a user of ours by the id; absent: any is. */
  readonly mayTell?: (realm: RealmName, user: UserId) => Promise<boolean>;
  /** Whether a user of this realm does not want to be seen; absent: nobody. */
  readonly hides?: (user: UserId) => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Streams that one realm may have open here: the present one and one that dies. */
const MAX_STREAMS = 2;
/** Pairs of user and conversation whose latest sign of typing is remembered, to hold the rate. */
const MAX_REMEMBERED = 10_000;

export function createPresence(init: PresenceInit): PresenceService {
  return new PresenceService(init);
}

export class PresenceService implements Presence {
  readonly #init: PresenceInit;
  readonly #local: LocalPresence;
  readonly #watchers = new Watchers();
  readonly #links = new Map<RealmName, PresenceLink>();
  readonly #remote = new Map<UserId, UserState>();
  readonly #typing: TypingBoard;
  readonly #typedAt = new Map<string, number>();
  readonly #stopped = new AbortController();
  readonly #serving = new Set<Promise<void>>();
  #unsubscribe: (() => void)[] = [];

  constructor(init: PresenceInit) {
    this.#init = init;
    this.#local = new LocalPresence(init.clock, init.hides);
    this.#typing = new TypingBoard(init.clock, (typing, active) => this.#showTyping(typing, active));
  }

  async start(): Promise<void> {
    const options = { allow: 'trusted', maxFrame: MAX_PRESENCE_FRAME, maxStreams: MAX_STREAMS } as const;
    this.#init.network.handle(PRESENCE_PROTOCOL, options, (stream) => this.#serve(stream));
    this.#unsubscribe = [
      this.#local.onChange((user) => this.#watchers.tell(user, toEvent(this.#local.stateOf(user)))),
      this.#init.network.onPath(({ realm, kind }) => {
        if (kind !== 'unreachable') this.#links.get(realm)?.wake();
      }),
    ];
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopped.abort(new UnreachableError('stopped', 'presence was stopped'));
    this.#typing.stop();
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
    await Promise.all(this.#serving);
  }

  /** Whether the user hides has changed. */
  retell(user: UserId): void {
    this.#local.retell(user);
  }

  get online(): number {
    return this.#local.online;
  }

  watch(viewer: UserId, listener: PresenceListener): Watch {
    const watcher = this.#watchers.add(viewer, listener);
    return {
      set: (users) => {
        for (const user of this.#watchers.set(watcher, users)) this.#tellKnown(user, listener);
        this.#subscribe();
      },
      end: () => {
        this.#watchers.remove(watcher);
        this.#subscribe();
      },
    };
  }

  setOnline(user: UserId, device: DeviceId): void {
    this.#local.add(user, device);
  }

  setOffline(user: UserId, device: DeviceId): void {
    this.#local.remove(user, device);
  }

  typing(user: UserId, conversation: ConversationId, to: readonly UserId[]): void {
    if (this.#init.hides?.(user) || !this.#mayType(`${user}/${conversation}`)) return;
    const byHome = Map.groupBy(to, (other) => this.#homeOf(other));
    for (const [home, others] of byHome) {
      if (home === this.#init.realm) this.#typing.begin({ user, conversation, to: others });
      else if (home && this.#shares(home))
        this.#linkTo(home).type({ kind: 'typing', user, conversation, active: true, to: others });
    }
  }

  #mayType(at: string): boolean {
    const now = this.#init.clock.monotonic();
    if (now - (this.#typedAt.get(at) ?? Number.NEGATIVE_INFINITY) < UPDATE_INTERVAL) return false;
    if (this.#typedAt.size >= MAX_REMEMBERED) this.#typedAt.clear();
    this.#typedAt.set(at, now);
    return true;
  }

  #shares(realm: RealmName): boolean {
    return this.#init.shares?.(realm) !== false;
  }

  #homeOf(user: UserId): RealmName | undefined {
    return this.#init.directory.findById(user)?.home;
  }

  #showTyping({ user, conversation, to }: Typing, active: boolean): void {
    const here = to.filter((other) => this.#homeOf(other) === this.#init.realm);
    this.#watchers.tellViewers(here, { kind: 'typing', user, conversation, to: here, active });
  }

  /** What is known already is told at once; of another realm's user that may be nothing yet. */
  #tellKnown(user: UserId, listener: PresenceListener): void {
    const state = this.#homeOf(user) === this.#init.realm ? this.#local.stateOf(user) : this.#remote.get(user);
    if (state) listener(toEvent(state));
  }

  /** Tells each realm whom of its users somebody here looks at. */
  #subscribe(): void {
    const byHome = Map.groupBy(this.#watchers.watched(), (user) => this.#homeOf(user));
    for (const [home, users] of byHome) {
      if (home && home !== this.#init.realm && this.#shares(home)) this.#linkTo(home).watch(users);
    }
    for (const [realm, link] of this.#links) if (!byHome.has(realm)) link.watch([]);
    const watched = new Set(this.#watchers.watched());
    for (const user of this.#remote.keys()) if (!watched.has(user)) this.#remote.delete(user);
  }

  #linkTo(realm: RealmName): PresenceLink {
    let link = this.#links.get(realm);
    if (!link) {
      const onStates = (of: RealmName, states: readonly UserState[]) => this.#onStates(of, states);
      link = new PresenceLink({ ...this.#init, onStates, onDown: (of) => this.#onDown(of) }, realm);
      this.#links.set(realm, link);
      link.start();
    }
    return link;
  }

  /** A realm speaks for its own users only. */
  #onStates(realm: RealmName, states: readonly UserState[]): void {
    for (const state of states) {
      if (this.#homeOf(state.user) !== realm || !this.#watchers.isWatched(state.user)) continue;
      this.#remote.set(state.user, state);
      this.#watchers.tell(state.user, toEvent(state));
    }
  }

  #onDown(realm: RealmName): void {
    const lastSeenAt = this.#init.clock.now();
    for (const [user, { online }] of this.#remote) {
      if (this.#homeOf(user) !== realm || !online) continue;
      const state = { user, online: false, lastSeenAt };
      this.#remote.set(user, state);
      this.#watchers.tell(user, toEvent(state));
    }
  }

  async #serve(stream: Stream): Promise<void> {
    const { realm } = stream.peer;
    if (!this.#shares(realm)) throw new RefusedError('presence-refused', `${realm} may not see who is online here`);
    const onTyping = (typing: Typing & { readonly active: boolean }) =>
      typing.active ? this.#typing.begin(typing) : this.#typing.end(typing);
    const server = new PresenceServer({ ...this.#init, local: this.#local, onTyping }, stream);
    const serving = server.run(this.#stopped.signal).catch((error: Error) => {
      this.#init.log.debug({ peer: stream.peer.realm, err: error }, 'presence stream ended');
      stream.abort(error);
    });
    this.#serving.add(serving);
    await serving;
    this.#serving.delete(serving);
  }
}

function toEvent({ user, online, lastSeenAt }: UserState): PresenceEvent {
  if (online) return { kind: 'state', user, state: 'online' };
  return { kind: 'state', user, state: 'offline', ...(lastSeenAt > 0 && { lastSeenAt }) };
}
