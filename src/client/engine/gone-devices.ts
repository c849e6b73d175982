// Devices that a commit took out of a group, and when: what they write afterwards with keys that they still have is refused. In the vault, so
// that every device of the user judges alike.
//
//   vault: kind 'gone-device', key conversation/group/user/device, value [1, epoch, at, whether its user went]      strict CBOR
//
// Whoever is removed as a user may have written behind a cut, before the own realm heard of it, and stamps can't tell that from a lie: such
// messages are shown as late, for as long as servers take them. A device goes because its own realm removed it: that realm has heard of it.
import type { DeviceName } from '../../crypto/mls/same-device.ts';
import { type Roster, roleOf } from '../../crypto/roster.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { PeerError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import { CLOCK_LEEWAY } from '../../realm/steady-clock.ts';
import type { Vault } from '../vault/vault.ts';
import type { EpochName } from './epoch-book.ts';

const KIND = 'gone-device';
const MAX_VALUE = 64;
/** Milliseconds after a removal in which what the removed wrote is taken as written behind a cut (node/groups/group-rosters.ts). */
const MAX_LATE = 7 * 24 * 3_600_000;

interface Gone {
  /** The first without it. */
  readonly epoch: number;
  /** When home accepted the commit, milliseconds since 1970. */
  readonly at: number;
  readonly withUser: boolean;
}

export interface Written {
  /** By the sender's node. */
  readonly stampedAt: number;
  /** At the own node. */
  readonly arrivedAt: number | undefined;
}

export class GoneDevices {
  readonly #vault: Pick<Vault, 'get' | 'putAll' | 'list'>;

  constructor(vault: Pick<Vault, 'get' | 'putAll' | 'list'>) {
    this.#vault = vault;
  }

  /** By the commit that led to that epoch. */
  async learn(
    name: EpochName,
    {
      before,
      after,
      roster,
      at,
    }: Pick<Gone, 'at'> & Record<'before' | 'after', readonly DeviceName[]> & { roster: Roster },
  ): Promise<void> {
    const present = new Set(after.map(named));
    const gone = before.filter((one) => !present.has(named(one)));
    if (gone.length === 0) return;
    const entries = gone.map((one) => {
      const value = encodeItem([1, name.epoch, at, roleOf(roster, one.user) === undefined]);
      return { kind: KIND, key: keyOf(name, one), value };
    });
    await this.#vault.putAll(entries);
  }

  /** The first epoch without that user, of the last time that a device of this user saw them go. */
  leftAt({ conversation, group }: Omit<EpochName, 'epoch'>, user: UserId): number | undefined {
    const start = `${conversation}/${group}/${user}/`;
    const rows = this.#vault.list(KIND).filter(({ key }) => key.startsWith(start));
    const epochs = rows
      .map(({ value }) => decodeGone(value))
      .flatMap(({ epoch, withUser }) => (withUser ? [epoch] : []));
    return epochs.length === 0 ? undefined : Math.max(...epochs);
  }

  /**
   * Milliseconds after the removal at which it was stamped; undefined for what was written before, as far as its stamp says.
   * @throws PeerError `sender-removed`
   */
  lateBy(name: EpochName, sender: DeviceName, { stampedAt, arrivedAt = stampedAt }: Written): number | undefined {
    const value = this.#vault.get(KIND, keyOf(name, sender));
    const gone = value && decodeGone(value);
    if (!gone || name.epoch >= gone.epoch || stampedAt <= gone.at + CLOCK_LEEWAY) return undefined;
    if (!gone.withUser || Math.max(stampedAt, arrivedAt) > gone.at + MAX_LATE) {
      throw new PeerError('sender-removed', `${sender.device} wrote after it was removed`);
    }
    return stampedAt - gone.at;
  }
}

/** @throws PeerError `frame-malformed` */
function decodeGone(bytes: Uint8Array): Gone {
  const fields = new Fields(decodeStrict(bytes, MAX_VALUE), 'gone device', 4);
  if (fields.uint() !== 1) fields.fail('version 1');
  return { epoch: fields.uint(), at: fields.uint(), withUser: fields.flag() };
}

function keyOf({ conversation, group }: EpochName, device: DeviceName): string {
  return `${conversation}/${group}/${named(device)}`;
}

function named({ user, device }: DeviceName): string {
  return `${user}/${device}`;
}
