// Who of this node looks at whom.
import type { UserId } from '../../src/realm/ids.ts';
import type { PresenceEvent, PresenceListener } from './presence.ts';

/** Users at whom one viewer's device may look. */
export const MAX_WATCHED_EACH = 500;

export interface Watcher {
  readonly viewer: UserId;
  readonly listener: PresenceListener;
  users: ReadonlySet<UserId>;
}

export class Watchers {
  readonly #byUser = new Map<UserId, Set<Watcher>>();
  readonly #byViewer = new Map<UserId, Set<Watcher>>();

  add(viewer: UserId, listener: PresenceListener): Watcher {
    const watcher = { viewer, listener, users: new Set<UserId>() };
    addTo(this.#byViewer, viewer, watcher);
    return watcher;
  }

  /** Replaces whom a watcher looks at; gives back those who are new. */
  set(watcher: Watcher, users: readonly UserId[]): UserId[] {
    const before = watcher.users;
    const now = new Set(users.slice(0, MAX_WATCHED_EACH));
    for (const user of before) if (!now.has(user)) removeFrom(this.#byUser, user, watcher);
    for (const user of now) addTo(this.#byUser, user, watcher);
    watcher.users = now;
    return [...now].filter((user) => !before.has(user));
  }

  remove(watcher: Watcher): void {
    this.set(watcher, []);
    removeFrom(this.#byViewer, watcher.viewer, watcher);
  }

  watched(): UserId[] {
    return [...this.#byUser.keys()];
  }

  isWatched(user: UserId): boolean {
    return this.#byUser.has(user);
  }

  tell(user: UserId, event: PresenceEvent): void {
    for (const watcher of this.#byUser.get(user) ?? []) watcher.listener(event);
  }

  tellViewers(viewers: readonly UserId[], event: PresenceEvent): void {
    for (const viewer of viewers) for (const watcher of this.#byViewer.get(viewer) ?? []) watcher.listener(event);
  }
}

function addTo(map: Map<UserId, Set<Watcher>>, at: UserId, watcher: Watcher): void {
  const set = map.get(at);
  if (set) set.add(watcher);
  else map.set(at, new Set([watcher]));
}

function removeFrom(map: Map<UserId, Set<Watcher>>, at: UserId, watcher: Watcher): void {
  const set = map.get(at);
  set?.delete(watcher);
  if (set?.size === 0) map.delete(at);
}
