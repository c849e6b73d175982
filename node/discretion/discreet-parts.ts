// The LAN's side of what a client may do with an id: reach whoever is hidden from its user no more than who does not exist.
// Directory and account keep this themselves (KnownUsers); reading what somebody has already is nobody's business here.
import { openIntent } from '../../src/crypto/intent.ts';
import { decodeRoster } from '../../src/crypto/roster.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { Directory } from '../directory/directory.ts';
import type { LanConversations, LanGroups, LanKeyPackages, LanMails, LanPresence } from '../lan/components.ts';
import type { PresenceListener, Watch } from '../presence/presence.ts';
import type { Discretion } from './discretion.ts';

type Asked = Pick<Discretion, 'assertReachable' | 'reachable' | 'hidesAnybody'>;

export function discreetConversations(conversations: LanConversations, discretion: Asked): LanConversations {
  return {
    ...conversations,
    submit: async (from, message) => {
      await discretion.assertReachable(from.user, message.recipients);
      return conversations.submit(from, message);
    },
  };
}

/** Whoever is brought into a group is known to who brings them. */
export function discreetGroups(groups: LanGroups, discretion: Asked): LanGroups {
  const { reader, intents, givingBack } = groups;
  return {
    reader,
    intents,
    givingBack,
    putInfo: (...given) => groups.putInfo(...given),
    typingTo: (...given) => groups.typingTo(...given),
    propose: async (author, change, signal) => {
      const members = discretion.hidesAnybody ? decodeRoster(change.rosterBytes).members.map(({ user }) => user) : [];
      const welcomed = change.welcomes.map(({ user }) => user);
      await discretion.assertReachable(author.user, [...new Set([...members, ...welcomed])]);
      return groups.propose(author, change, signal);
    },
    intend: async (author, conversation, group, bytes) => {
      const { act, subject } = openIntent(bytes);
      if (act === 'add') await discretion.assertReachable(author.user, [subject]);
      return groups.intend(author, conversation, group, bytes);
    },
  };
}

export function discreetMails(mails: LanMails, discretion: Asked): LanMails {
  return {
    has: (...given) => mails.has(...given),
    list: (...given) => mails.list(...given),
    acknowledge: (...given) => mails.acknowledge(...given),
    onMail: (...given) => mails.onMail(...given),
    send: async (from, id, all) => {
      await discretion.assertReachable(from.user, [...new Set(all.map(({ user }) => user))]);
      return mails.send(from, id, all);
    },
  };
}

export function discreetKeyPackages(keyPackages: LanKeyPackages, discretion: Asked): LanKeyPackages {
  return {
    put: (...given) => keyPackages.put(...given),
    hasLastResort: (...given) => keyPackages.hasLastResort(...given),
    claim: async (claimer, user, signal) => {
      await discretion.assertReachable(claimer, [user]);
      return keyPackages.claim(claimer, user, signal);
    },
  };
}

export interface DiscreetPresenceNeeds {
  readonly discretion: Asked;
  readonly directory: Pick<Directory, 'onChange'>;
  readonly log: Log;
}

export function discreetPresence(presence: LanPresence, needs: DiscreetPresenceNeeds): LanPresence {
  return {
    setOnline: (...given) => presence.setOnline(...given),
    setOffline: (...given) => presence.setOffline(...given),
    typing: (...given) => presence.typing(...given),
    retell: (user) => presence.retell?.(user),
    watch: (viewer, listener) => new DiscreetWatch(presence, needs, viewer, listener),
  };
}

/** Looks at those whom the viewer may reach; looks anew when one of them was hidden or shown. */
class DiscreetWatch implements Watch {
  readonly #needs: DiscreetPresenceNeeds;
  readonly #viewer: UserId;
  readonly #listener: PresenceListener;
  readonly #watch: Watch;
  readonly #unsubscribe: () => void;
  #wanted: readonly UserId[] = [];
  #seen: readonly UserId[] = [];
  /** Only the newest look counts. */
  #round = 0;

  constructor(
    presence: Pick<LanPresence, 'watch'>,
    needs: DiscreetPresenceNeeds,
    viewer: UserId,
    listener: PresenceListener,
  ) {
    this.#needs = needs;
    this.#viewer = viewer;
    this.#listener = listener;
    this.#watch = presence.watch(viewer, listener);
    this.#unsubscribe = needs.directory.onChange(({ id, isHidden = false }) => {
      if (this.#wanted.includes(id) && this.#seen.includes(id) === isHidden) this.#look();
    });
  }

  set(users: readonly UserId[]): void {
    this.#wanted = users;
    this.#look();
  }

  end(): void {
    this.#round++;
    this.#unsubscribe();
    this.#watch.end();
  }

  #look(): void {
    const round = ++this.#round;
    const { discretion, log } = this.#needs;
    if (!discretion.hidesAnybody) return this.#show(this.#wanted);
    discretion.reachable(this.#viewer, this.#wanted).then(
      (users) => round === this.#round && this.#show(users),
      (error: unknown) => log.error({ error: messageOf(error) }, 'whose presence may be shown is not known'),
    );
  }

  #show(users: readonly UserId[]): void {
    const gone = this.#seen.filter((user) => this.#wanted.includes(user) && !users.includes(user));
    this.#seen = users;
    this.#watch.set(users);
    for (const user of gone) this.#listener({ kind: 'state', user, state: 'offline' });
  }
}
