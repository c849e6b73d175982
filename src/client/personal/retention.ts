// A realm whose policy keeps messages for a time only: what is older goes from this device, and with it the keys that open it. A key of an
// epoch goes once the epoch after it has been there for as long as messages are kept and a while longer, since messages of a realm that was
// cut off may come late. Only then has forward secrecy begun for what they opened: the vault is packed anew under a new key, so that no
// copy of the old one at the server opens what is left.
//
// The server says how long, and a server may lie. So nothing goes before it has said so for a day, and what an administrator takes back
// within that day has cost nothing.
//
//   cache record 'retention'/'told': [1, milliseconds, told first, erased last]
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { ServerAnswer } from '../../protocols/lan/routes.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import { type ConversationId, parseConversationId } from '../../realm/ids.ts';
import type { RealmName } from '../../realm/names.ts';
import type { ClientCache } from '../cache/cache.ts';
import { EPOCH_KEY, EPOCH_ROSTER, rosterPartsOf } from '../engine/epoch-book.ts';
import type { Holding } from '../sync/holding.ts';
import type { Vault } from '../vault/vault.ts';

const AREA = 'retention';
const TOLD = 'told';
const DAY = 24 * 3_600_000;
/** Milliseconds in which a message of an epoch may still come. */
const LATE = 7 * DAY;

export interface RetentionComponents {
  readonly vault: Pick<Vault, 'list' | 'putAll' | 'renew'>;
  readonly holding: Pick<Holding, 'expire'>;
  readonly cache: Pick<ClientCache, 'record' | 'setRecords'>;
  readonly server: () => Promise<Pick<ServerAnswer, 'realm' | 'limits'>>;
  /** The own user's home: no other realm says how long this user's messages are kept. */
  readonly home: RealmName;
  readonly clock: Pick<Clock, 'now'>;
}

interface Told {
  readonly retention: number;
  readonly since: number;
  readonly erased: number;
}

export class Retention {
  readonly #parts: RetentionComponents;
  #isOver = false;

  constructor(components: RetentionComponents) {
    this.#parts = components;
  }

  /** After each connection; erases once a day at most. Never rejects for what the server or the cache does. */
  async look(): Promise<void> {
    if (this.#isOver) return;
    try {
      const { realm, limits } = await this.#parts.server();
      if (realm === this.#parts.home) await this.#apply(limits?.retention);
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
    }
  }

  close(): void {
    this.#isOver = true;
  }

  async #apply(retention: number | undefined): Promise<void> {
    const now = this.#parts.clock.now();
    const told = await this.#told();
    if (retention === undefined || retention < DAY) return this.#note(undefined);
    if (told?.retention !== retention) return this.#note({ retention, since: now, erased: 0 });
    if (now - told.since < DAY || now - told.erased < DAY) return;
    await this.erase(now - retention);
    await this.#note({ ...told, erased: now });
  }

  /** What was written before then, and keys that opened nothing else. */
  async erase(before: number): Promise<void> {
    const { holding } = this.#parts;
    for (const conversation of this.#conversations()) await holding.expire(conversation, before);
    await this.#eraseKeys(before - LATE);
  }

  /** Of epochs whose successor is older than that; the newest of each group stays. */
  async #eraseKeys(before: number): Promise<void> {
    const { vault } = this.#parts;
    const all = vault.list(EPOCH_KEY);
    const gone = new Set(oldKeys(all, before));
    if (gone.size === 0) return;
    const needed = new Set(all.flatMap(({ key, value }) => (gone.has(key) ? [] : rosterPartsOf(value))));
    const rosters = vault.list(EPOCH_ROSTER).filter(({ key }) => !needed.has(key));
    await vault.putAll([
      ...[...gone].map((key) => ({ kind: EPOCH_KEY, key, value: undefined })),
      ...rosters.map(({ key }) => ({ kind: EPOCH_ROSTER, key, value: undefined })),
    ]);
    await vault.renew();
  }

  #conversations(): ConversationId[] {
    const names = this.#parts.vault.list(EPOCH_KEY).map(({ key }) => key.split('/')[0] ?? '');
    return [...new Set(names)].map(parseConversationId);
  }

  async #told(): Promise<Told | undefined> {
    const bytes = await this.#parts.cache.record(AREA, TOLD);
    if (!bytes) return undefined;
    const fields = new Fields(decodeStrict(bytes, 64), 'retention', 4);
    fields.uint(1);
    return { retention: fields.uint(), since: fields.uint(), erased: fields.uint() };
  }

  #note(told: Told | undefined): Promise<void> {
    const value = told && encodeItem([1, told.retention, told.since, told.erased]);
    return this.#parts.cache.setRecords(AREA, new Map([[TOLD, value]]));
  }
}

/** Each entry with the time at which it came into the vault. */
export function oldKeys(entries: readonly { readonly key: string; readonly time: number }[], before: number): string[] {
  const byGroup = Map.groupBy(entries, ({ key }) => key.slice(0, key.lastIndexOf('/')));
  return [...byGroup.values()].flatMap((group) => {
    const inOrder = group.toSorted((a, b) => epochOf(a.key) - epochOf(b.key));
    return inOrder
      .filter((_, at) => (inOrder[at + 1]?.time ?? Number.POSITIVE_INFINITY) < before)
      .map(({ key }) => key);
  });
}

const epochOf = (key: string): number => Number(key.slice(key.lastIndexOf('/') + 1));
