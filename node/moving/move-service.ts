// Moves users between realms of one enterprise: hands own ones over (by an administrator), holds those of others, and makes them own
// users once the old home's chain says so. Each half can be repeated after a crash.

import { concat } from 'uint8arrays/concat';
import { identityStatement } from '../../src/crypto/identity-statement.ts';
import { splitRows } from '../../src/crypto/vault/line.ts';
import type { Network, Peer, Stream } from '../../src/overlay/seam.ts';
import type { Fact } from '../../src/protocols/ledger/entry.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import {
  DEVICE_ADDED,
  decodeUserIdentity,
  decodeUserMoved,
  encodeDeviceAdded,
  encodeUserIdentity,
  USER_IDENTITY,
  USER_MOVED,
} from '../../src/protocols/ledger/people-kinds.ts';
import {
  decodeMoveAnswer,
  decodeMovedUser,
  encodeMoveAnswer,
  encodeMovedUser,
  FRAME_DEADLINE,
  MAX_FRAME,
  MAX_STREAMS,
  MOVE_DEADLINE,
  MOVE_PROTOCOL,
  type MovedUser,
} from '../../src/protocols/move/index.ts';
import { decodeProfile } from '../../src/protocols/profile/record.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import {
  asError,
  CanopyError,
  codeOf,
  InputError,
  PeerError,
  RefusedError,
  UnreachableError,
} from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Login } from '../../src/realm/user-address.ts';
import type { Audit } from '../audit/audit.ts';
import type { AccountService } from '../directory/account-service.ts';
import type { UserProfile } from '../directory/directory.ts';
import type { KeyBook } from '../directory/key-book.ts';
import type { UserDirectory } from '../directory/user-directory.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { type HeldUser, HeldUsers } from './held-users.ts';

export interface MoveComponents {
  readonly held: HeldUsers;
  readonly network: Pick<Network, 'open' | 'handle'>;
  readonly ledger: Pick<LedgerService, 'ownDirectory' | 'isColleague'> & {
    readonly store: Pick<LedgerStore, 'chains' | 'facts' | 'onFacts'>;
  };
  readonly users: UserDirectory;
  readonly accounts: AccountService;
  readonly keys: KeyBook;
  readonly signStatement: (statement: Uint8Array) => Promise<Uint8Array>;
  readonly isColleague: (realm: RealmName) => boolean;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}

export class MoveService {
  readonly #realm: RealmName;
  readonly #parts: MoveComponents;
  readonly #stopping = new AbortController();
  /** Who has moved here, and from where, as the chains say. */
  readonly #released = new Map<UserId, RealmName>();
  #unsubscribe: (() => void)[] = [];
  #taking: Promise<void> = Promise.resolve();

  constructor(realm: RealmName, components: MoveComponents) {
    this.#realm = realm;
    this.#parts = components;
  }

  async start(): Promise<void> {
    const { network, ledger, users } = this.#parts;
    const options = { allow: 'enterprise', maxFrame: MAX_FRAME, maxStreams: MAX_STREAMS } as const;
    network.handle(MOVE_PROTOCOL, options, (stream) => this.#serve(stream));
    this.#unsubscribe = [
      ledger.store.onFacts((_, facts) => this.#onFacts(facts)),
      // The directory forgets whom the old home has let go, which may come after the entry is known here.
      users.onChange(({ id }) => this.#released.has(id) && this.#take(id)),
    ];
    for (const id of await ledger.store.chains()) {
      for await (const fact of ledger.store.facts(id)) this.#onFacts([fact]);
    }
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopping.abort(new UnreachableError('stopping', 'the node is stopping'));
    await this.#taking;
  }

  /** @throws InputError `unknown-user`, `bad-destination`; UnreachableError; RefusedError with the destination's code */
  async move(login: Login, to: RealmName, by: string): Promise<UserProfile> {
    const { accounts, audit, isColleague, users } = this.#parts;
    const account = accounts.store.find(login);
    const user = account && users.findById(account.id);
    if (!account || !user) throw new InputError('unknown-user', `No user "${login}" in this realm`);
    if (to === this.#realm || !isColleague(to)) {
      throw new InputError('bad-destination', `${to} is no other realm of this enterprise`);
    }
    // Nobody writes into a vault that is on its way.
    await accounts.sessions.endAll(user.id, 'disabled');
    await this.#handOver(user, to);
    await accounts.moveAway(user.id, to);
    await audit.record({ code: 'user-moved', actor: by, fields: { user: user.id, to } });
    return user;
  }

  async #handOver(user: UserProfile, to: RealmName): Promise<void> {
    const { accounts, clock, keys, network, users } = this.#parts;
    const { identity, devices } = keys.keysOf(this.#realm, user.id);
    const profile = await users.recordOf(user.id);
    if (!profile) throw new InputError('unknown-user', `No user ${user.id} in this realm`);
    const vault = await accounts.vaults.export(user.id);
    const moved: MovedUser = {
      profile,
      kind: user.kind,
      identity: identity && encodeUserIdentity(identity),
      certificates: devices.map(({ bytes }) => bytes),
      vault: vault && { head: vault.head, wraps: vault.wraps },
      count: vault?.count ?? 0,
      isHidden: user.isHidden,
    };
    await within(clock, MOVE_DEADLINE, `answer of ${to}`, this.#stopping.signal, async (signal) => {
      const stream = await network.open(to, MOVE_PROTOCOL, { signal, class: 'bulk', maxFrame: MAX_FRAME });
      try {
        await stream.write(encodeMovedUser(moved), signal);
        if (vault) {
          for await (const record of vault.records()) await stream.write(record, signal);
          await stream.write(concat(vault.line), signal);
        }
        const frame = await stream.read(signal);
        const answer = frame && decodeMoveAnswer(frame);
        if (answer?.kind !== 'held') {
          throw new RefusedError(answer?.code ?? 'malformed', `${to} does not take ${user.address.login}`);
        }
        await stream.close();
      } catch (error) {
        stream.abort(asError(error));
        throw error;
      }
    });
  }

  async #serve(stream: Stream): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopping;
    try {
      const answer = await within(clock, MOVE_DEADLINE, 'user who moves', signal, (limited) =>
        this.#hold(stream, limited),
      ).then(
        () => ({ kind: 'held' }) as const,
        (error: unknown) => {
          if (!(error instanceof CanopyError)) throw error;
          return { kind: 'refused', code: codeOf(error) } as const;
        },
      );
      await within(clock, FRAME_DEADLINE, 'room to write', signal, (limited) =>
        stream.write(encodeMoveAnswer(answer), limited),
      );
      await stream.close();
    } catch (error) {
      log.info({ peer: stream.peer.realm, cause: String(error) }, 'hand-over of a user ended');
      stream.abort(asError(error));
    }
  }

  async #hold(stream: Stream, signal: AbortSignal): Promise<void> {
    const { accounts, audit, held } = this.#parts;
    const first = await stream.read(signal);
    if (!first) throw new PeerError('malformed', 'the stream ended before a user');
    const moved = decodeMovedUser(first);
    const { id, login } = decodeProfile(moved.profile);
    this.#assertMayCome(stream.peer, id, login);
    const { vault, count } = moved;
    const nextRecord = () => readRecord(stream, signal);
    const nextLine = async () => splitRows(await readRecord(stream, signal));
    await held.commit(await accounts.vaults.import(id, vault, count, nextRecord, nextLine));
    await held.commit([held.put(id, { from: stream.peer.realm, moved })]);
    await audit.record({ code: 'user-handed-over', fields: { user: id, from: stream.peer.realm } });
    this.#take(id);
  }

  #assertMayCome(peer: Peer, id: UserId, login: Login): void {
    const { accounts, ledger, users } = this.#parts;
    if (!ledger.isColleague(peer)) throw new RefusedError('scope', `${peer.realm} is no realm of this enterprise`);
    const known = users.findById(id);
    if (known?.home !== peer.realm) {
      throw new RefusedError('user-contradicts', `${peer.realm} does not vouch for ${id}`);
    }
    if (accounts.store.find(login)) throw new RefusedError('login-taken', `the login "${login}" is taken here`);
  }

  #onFacts(facts: readonly Fact[]): void {
    for (const { kind, payload, realm } of facts) {
      if (kind !== USER_MOVED || realm === this.#realm) continue;
      const { user, to } = decodeUserMoved(payload);
      if (to !== this.#realm) continue;
      this.#released.set(user, realm);
      this.#take(user);
    }
  }

  #take(user: UserId): void {
    const { log } = this.#parts;
    this.#taking = this.#taking
      .then(() => this.#become(user))
      .catch((error: unknown) => log.error({ user, code: codeOf(error) }, 'user who moved here was not taken'));
  }

  /** The old home has let the user go: now the user is ours. */
  async #become(user: UserId): Promise<void> {
    const { audit, held, users } = this.#parts;
    const arrived = await held.get(user);
    const known = users.findById(user);
    if (!arrived || this.#released.get(user) !== arrived.from || (known && known.home !== this.#realm)) return;
    if (!known) await this.#add(user, arrived);
    await this.#addKeys(user, arrived);
    await held.commit([held.erase(user)]);
    this.#released.delete(user);
    await audit.record({ code: 'user-arrived', fields: { user, from: arrived.from } });
  }

  #add(user: UserId, { moved }: HeldUser): Promise<UserProfile> {
    const { login, name, photo, department } = decodeProfile(moved.profile);
    const { kind, isHidden } = moved;
    return this.#parts.accounts.arrive({ id: user, login, name, photo, department, kind, isHidden });
  }

  async #addKeys(user: UserId, { moved }: HeldUser): Promise<void> {
    const { clock, keys, ledger, signStatement } = this.#parts;
    if (!moved.identity || keys.keysOf(this.#realm, user).identity) return;
    const { key, sequence } = decodeUserIdentity(moved.identity);
    const statement = { user, key, sequence, time: clock.now() };
    const signature = await signStatement(identityStatement(this.#realm, statement));
    await ledger.ownDirectory.append({
      kind: USER_IDENTITY,
      payload: encodeUserIdentity({ ...statement, signature }),
    });
    for (const certificate of moved.certificates) {
      await ledger.ownDirectory.append({ kind: DEVICE_ADDED, payload: encodeDeviceAdded(certificate) });
    }
  }
}

async function readRecord(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  const record = await stream.read(signal);
  if (!record) throw new PeerError('malformed', 'the stream ended before the last record');
  return record;
}
