// Commits that home accepted lately, kept to be given back to a home that was restored from a copy. Whatever goes to the server and comes
// from it passes here; it is believed no more for that.
//
//   cache records, area 'commits', name conversation/group/epoch: [1, at, sender, device, commit, roster]
import { readId } from '../../crypto/envelope.ts';
import { MAX_ROSTER } from '../../crypto/roster.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import {
  type ConversationId,
  type DeviceId,
  type GroupId,
  idBytes,
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseUserId,
  type UserId,
} from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { AcceptedCommit, GroupServer, OfferedCommit } from './group-server.ts';

export interface KeptCommit {
  readonly epoch: number;
  readonly at: number;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly commit: Uint8Array;
  readonly roster: Uint8Array;
}

const AREA = 'commits';
const KEPT_FOR = 7 * 24 * 3_600_000;
const MAX_COMMIT = 256 * 1024;
const MAX_FORM = MAX_COMMIT + MAX_ROSTER + 256;

export class CommitBook {
  readonly #cache: Pick<ClientCache, 'records' | 'setRecords'>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(cache: Pick<ClientCache, 'records' | 'setRecords'>, clock: Pick<Clock, 'now'>) {
    this.#cache = cache;
    this.#clock = clock;
  }

  /** Never rejects for the cache's sake. */
  async keep(conversation: ConversationId, group: GroupId, commits: readonly KeptCommit[]): Promise<void> {
    const before = this.#clock.now() - KEPT_FOR;
    const rows = commits.flatMap((one) =>
      one.at < before ? [] : [[`${conversation}/${group}/${one.epoch}`, encodeKept(one)] as const],
    );
    if (rows.length > 0) await this.#quietly(() => this.#cache.setRecords(AREA, new Map(rows)));
  }

  /** By conversation and group, in order; what is too old goes. */
  async all(): Promise<{ conversation: ConversationId; group: GroupId; commits: readonly KeptCommit[] }[]> {
    const before = this.#clock.now() - KEPT_FOR;
    const found = new Map<string, KeptCommit[]>();
    const old = new Map<string, undefined>();
    for (const [name, bytes] of await this.#cache.records(AREA)) {
      const [conversation, group, epoch] = name.split('/');
      const kept = decodeKept(Number(epoch), bytes);
      const which = `${conversation}/${group}`;
      if (kept.at < before) old.set(name, undefined);
      else found.set(which, [...(found.get(which) ?? []), kept]);
    }
    if (old.size > 0) await this.#quietly(() => this.#cache.setRecords(AREA, old));
    return [...found].map(([which, commits]) => {
      const [conversation = '', group = ''] = which.split('/');
      const inOrder = commits.toSorted((a, b) => a.epoch - b.epoch);
      return { conversation: parseConversationId(conversation), group: parseGroupId(group), commits: inOrder };
    });
  }

  /** A server whose commits are kept as they pass. */
  watching(server: GroupServer, me: { readonly user: UserId; readonly device: DeviceId }): GroupServer {
    return {
      group: (...given) => server.group(...given),
      commits: async (conversation, group, after) => {
        const page = await server.commits(conversation, group, after);
        await this.keep(conversation, group, page.commits.flatMap(withRoster));
        return page;
      },
      commit: async (conversation, offer: OfferedCommit) => {
        await server.commit(conversation, offer);
        const { group, epoch, commit, roster } = offer;
        const kept = { epoch, at: this.#clock.now(), sender: me.user, device: me.device, commit, roster };
        await this.keep(conversation, group, [kept]);
      },
    };
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
    }
  }
}

function withRoster({ epoch, at, sender, device, commit, roster }: AcceptedCommit): KeptCommit[] {
  return roster ? [{ epoch, at, sender, device, commit, roster }] : [];
}

export function encodeKept({ at, sender, device, commit, roster }: KeptCommit): Uint8Array {
  return encodeItem([1, at, idBytes(sender), idBytes(device), commit, roster]);
}

/** @throws PeerError `frame-malformed` */
export function decodeKept(epoch: number, bytes: Uint8Array): KeptCommit {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'kept commit', 6);
  if (fields.uint() !== 1) fields.fail('version 1');
  const at = fields.uint();
  const by = { sender: readId(fields, parseUserId), device: readId(fields, parseDeviceId) };
  return { epoch, at, ...by, commit: fields.bytes(MAX_COMMIT), roster: fields.bytes(MAX_ROSTER) };
}
