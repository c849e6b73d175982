// How full mailboxes are, counted in memory for those that something came for lately.
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import { MAX_DEVICES, type Mailbox, type MailStore } from './mail-store.ts';

/** What one sender may leave in one mailbox, and what one mailbox takes in all. */
export const OF_SENDER = { mails: 64, bytes: 2 * 1024 * 1024 };
export const OF_BOX = { mails: 1000, bytes: 32 * 1024 * 1024 };
const MAX_REMEMBERED = 5000;

interface Count {
  mails: number;
  bytes: number;
}

interface Fill extends Count {
  readonly senders: Map<UserId, Count>;
  /** Of each mail the time that it was given. */
  readonly ids: Map<string, number>;
  /** The newest time given out, so that each mail has its own. */
  at: number;
}

export class Mailboxes {
  readonly #store: MailStore;
  readonly #fills = new Map<string, Promise<Fill>>();

  constructor(store: MailStore) {
    this.#store = store;
  }

  /**
   * Takes room, and gives the time under which the mail is kept; or `known`, or the code that says why there is none. What has room and
   * is not on disk, on its way there or never to come, keeps its time: written twice it is still one mail.
   */
  async place(
    to: Mailbox,
    mail: { readonly sender: UserId; readonly id: MessageId; readonly bytes: number; readonly now: number },
  ): Promise<{ at: number } | 'known' | 'mailbox-full' | 'sender-quota' | 'device-unknown'> {
    const fill = await this.#fillOf(to);
    if (fill === undefined) return 'device-unknown';
    const name = `${mail.sender}/${mail.id}`;
    const given = fill.ids.get(name);
    if (given !== undefined) return (await this.#store.holds(to, mail)) ? 'known' : { at: given };
    const mine = fill.senders.get(mail.sender) ?? { mails: 0, bytes: 0 };
    if (!hasRoom(fill, mail.bytes, OF_BOX)) return 'mailbox-full';
    if (!hasRoom(mine, mail.bytes, OF_SENDER)) return 'sender-quota';
    for (const count of [fill, mine]) {
      count.mails++;
      count.bytes += mail.bytes;
    }
    fill.senders.set(mail.sender, mine);
    fill.at = Math.max(fill.at + 1, mail.now);
    fill.ids.set(name, fill.at);
    return { at: fill.at };
  }

  /** It is counted anew when something comes. */
  forget({ user, device }: Mailbox): void {
    this.#fills.delete(`${user}/${device}`);
  }

  async #fillOf(of: Mailbox): Promise<Fill | undefined> {
    const name = `${of.user}/${of.device}`;
    let fill = this.#fills.get(name);
    if (!fill) {
      const devices = await this.#store.devices(of.user, MAX_DEVICES);
      if (devices.length >= MAX_DEVICES && !devices.includes(of.device)) return undefined;
      fill = this.#load(of);
      this.#fills.set(name, fill);
      const [oldest] = this.#fills.keys();
      if (this.#fills.size > MAX_REMEMBERED && oldest !== undefined) this.#fills.delete(oldest);
    }
    return fill;
  }

  async #load(of: Mailbox): Promise<Fill> {
    const fill: Fill = { mails: 0, bytes: 0, senders: new Map(), ids: new Map(), at: 0 };
    for (const { sender, id, at, bytes } of await this.#store.entries(of, OF_BOX.mails)) {
      const mine = fill.senders.get(sender) ?? { mails: 0, bytes: 0 };
      for (const count of [fill, mine]) {
        count.mails++;
        count.bytes += bytes;
      }
      fill.senders.set(sender, mine);
      fill.ids.set(`${sender}/${id}`, at);
      fill.at = Math.max(fill.at, at);
    }
    return fill;
  }
}

function hasRoom({ mails, bytes }: Count, more: number, most: Count): boolean {
  return mails < most.mails && bytes + more <= most.bytes;
}
