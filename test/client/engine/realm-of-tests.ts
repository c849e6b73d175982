// A home that keeps what it is told to, and engine parts that speak with it: what it shows is the test's to say.
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { DeviceChecks } from '../../../src/client/engine/device-checks.ts';
import { EpochBook } from '../../../src/client/engine/epoch-book.ts';
import { GoneDevices } from '../../../src/client/engine/gone-devices.ts';
import type { GroupNews } from '../../../src/client/engine/group-following.ts';
import { GroupKeeper } from '../../../src/client/engine/group-keeper.ts';
import type {
  AcceptedCommit,
  GroupQuestion,
  GroupServer,
  OfferedCommit,
  ShownGroup,
} from '../../../src/client/engine/group-server.ts';
import { GroupStore } from '../../../src/client/engine/group-store.ts';
import { KeyPackages, type PackageServer } from '../../../src/client/engine/key-packages.ts';

import { type DeviceCertificate, isOfIdentity, readDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { ConflictError, UnreachableError } from '../../../src/realm/errors.ts';
import {
  type ConversationId,
  type DeviceId,
  type GroupId,
  parseConversationId,
  type UserId,
} from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import type { People } from '../../crypto/mls/people.ts';

/** A conversation whose home can't be asked. */
export const AWAY = parseConversationId('00000000-0000-4000-8000-0000000000a0');

interface KeptGroup {
  readonly group: GroupId;
  readonly offers: OfferedCommit[];
  readonly by: { readonly user: UserId; readonly device: DeviceId; readonly at: number }[];
}

/** Keeps the order of commits, honestly, until the test changes what it keeps. */
export class Home {
  readonly groups = new Map<ConversationId, KeptGroup>();
  readonly packages = new Map<UserId, { device: DeviceId; bytes: Uint8Array }[]>();
  /** Of commits that it accepts. */
  now: () => number = Date.now;

  of({ certificate: { user, device } }: OwnDevice): GroupServer & PackageServer {
    return {
      group: async (conversation, of) => this.group(conversation, of),
      commits: async (conversation, group, after) => ({
        commits: this.commits(conversation, group, after),
        more: false,
      }),
      commit: async (conversation, offer) => this.commit(conversation, offer, { user, device, at: this.now() }),
      publish: async ({ oneTime, lastResort }) => {
        const laid = this.packages.get(user) ?? [];
        this.packages.set(user, laid);
        for (const bytes of [...oneTime, ...(lastResort ? [lastResort] : [])]) laid.push({ device, bytes });
        return { waiting: laid.length, lastResort: laid.length > 0 };
      },
      claim: async (of) => this.claim(of),
    };
  }

  claim(user: UserId): { device: DeviceId; bytes: Uint8Array }[] {
    const laid = this.packages.get(user) ?? [];
    const devices = new Set(laid.map(({ device }) => device));
    return [...devices].flatMap((wanted) => laid.filter(({ device }) => device === wanted).slice(0, 1));
  }

  group(conversation: ConversationId, of?: GroupQuestion): ShownGroup | undefined {
    if (conversation === AWAY) throw new UnreachableError('server-unreachable', 'away');
    const kept = this.groups.get(conversation);
    const offer = kept?.offers.at((of?.epoch ?? 0) - 1);
    if (!kept || !offer || (of?.group && of.group !== kept.group)) return undefined;
    return { group: kept.group, epoch: kept.offers.length, groupInfo: offer.groupInfo, infoEpoch: offer.epoch + 1 };
  }

  commits(conversation: ConversationId, group: GroupId, after: number): AcceptedCommit[] {
    const kept = this.groups.get(conversation);
    if (kept?.group !== group) return [];
    return kept.offers.flatMap(({ commit, epoch }, at) => {
      const by = kept.by[at];
      return epoch >= after && by ? [{ epoch, commit, at: by.at, sender: by.user, device: by.device }] : [];
    });
  }

  commit(conversation: ConversationId, offer: OfferedCommit, by: KeptGroup['by'][number]): void {
    const kept = this.groups.get(conversation) ?? { group: offer.group, offers: [], by: [] };
    if (kept.group !== offer.group || kept.offers.length !== offer.epoch) {
      throw new ConflictError('commit-lost', 'another was first');
    }
    this.groups.set(conversation, kept);
    kept.offers.push(offer);
    kept.by.push(by);
  }
}

/** Entries that all devices of a user share. */
export class VaultOfTests {
  readonly entries = new Map<string, Uint8Array>();

  get(kind: string, key: string): Uint8Array | undefined {
    return this.entries.get(`${kind} ${key}`);
  }

  list(kind: string) {
    const mine = [...this.entries].filter(([name]) => name.startsWith(`${kind} `));
    return mine.map(([name, value]) => ({ key: name.slice(kind.length + 1), value, time: 0 }));
  }

  async put(kind: string, key: string, value: Uint8Array): Promise<void> {
    this.entries.set(`${kind} ${key}`, value);
  }

  async putAll(all: readonly { kind: string; key: string; value: Uint8Array | undefined }[]): Promise<void> {
    for (const { kind, key, value } of all) if (value) await this.put(kind, key, value);
  }

  async flush(): Promise<void> {}

  async refresh(): Promise<void> {}
}

/** What an account tells the engine of others. */
export function accountOf(people: People, vault: VaultOfTests, me?: UserId) {
  return {
    user: me ?? people.person().user,
    vault,
    pinnedIdentity: (user: UserId) => people.identities.get(user),
    keysOf: async (user: UserId) => {
      const removed = [...people.removed] as DeviceId[];
      return { user, identity: people.identities.get(user), devices: [], removed, changedTo: undefined };
    },
    checkDevice: (bytes: Uint8Array, at = people.clock.now()) => {
      const certificate = readDeviceCertificate(bytes);
      const identity = people.identities.get(certificate.user);
      if (!identity) return 'unknown' as const;
      if (!isOfIdentity(certificate, certificate.user, identity)) return 'identity-changed' as const;
      return at > certificate.notAfter ? ('expired' as const) : ('ok' as const);
    },
  };
}

export interface Station {
  readonly me: DeviceCertificate;
  readonly keeper: GroupKeeper;
  readonly epochs: EpochBook;
  readonly gone: GoneDevices;
  readonly checks: DeviceChecks;
  readonly own: KeyPackages;
  readonly news: GroupNews[];
}

export type ServerOfTests = GroupServer & PackageServer;

/** One device with the engine's parts. */
export function stationOf(
  people: People,
  home: Home,
  me: OwnDevice,
  vault = new VaultOfTests(),
  random = systemRandom,
): Promise<Station> {
  return stationWith(people, home.of(me), me, vault, random);
}

export async function stationWith(
  people: People,
  server: ServerOfTests,
  me: OwnDevice,
  vault = new VaultOfTests(),
  random = systemRandom,
): Promise<Station> {
  const cache = await memoryCache();
  const { clock } = people;
  const account = accountOf(people, vault, me.certificate.user);
  const checks = new DeviceChecks({ account, clock });
  const own = new KeyPackages({ me, cache, server, clock });
  const epochs = new EpochBook(vault);
  const gone = new GoneDevices(vault);
  const parts = { ...people.parts(me), checks };
  const news: GroupNews[] = [];
  const keeper = new GroupKeeper({
    server,
    packages: server,
    own,
    store: new GroupStore(cache),
    epochs,
    gone,
    checks,
    parts,
    clock,
    random,
    onChange: (_, change) => news.push(change),
  });
  return { me: me.certificate, keeper, epochs, gone, checks, own, news };
}
