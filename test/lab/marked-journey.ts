// Everything that people can write, name and send goes from one branch to the other and back, each with a mark of its own in it.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { directConversationId, parseUserId } from '../../src/realm/ids.ts';
import { contentOf, type DeviceInit } from '../day/device.ts';
import type { Device } from '../day/playing.ts';
import type { Mark } from '../day/search-marks.ts';
import type { DayDesk } from './day-desk.ts';

const SHOWN_WITHIN = 60_000;
const LOOK_EVERY = 100;
/** An emoji has at most so many bytes. */
const EMOJI = 64;
const FILE_SIZE = 400_000;
/** Bytes of a file's content that are searched for. */
const PIECE = 24;

/** Where somebody sits and how he signs in for the first time. */
export interface Seat {
  readonly desk: DayDesk;
  readonly login: Omit<DeviceInit, 'password' | 'newPassword'>;
  readonly firstPassword: string;
}

interface Seated {
  readonly device: Device;
  readonly user: string;
}

export class MarkedJourney {
  /** What nobody but the people themselves may see. */
  readonly secret: Mark[] = [];

  async go(writing: Seat, reading: Seat): Promise<void> {
    const password = this.#mark('password');
    const writer = await this.#enter('writer', writing, password);
    const reader = await this.#enter('reader', reading, this.#mark('password'));
    await this.#writes(directConversationId(parseUserId(writer.user), parseUserId(reader.user)), writer, reader);
    const group = await writer.device.make([reader.user]);
    await writer.device.rename(group, this.#mark('group-name'));
    await this.#writes(group, writer, reader);
    await this.#writes(group, reader, writer);
    // A second device reads it all by what the vault holds.
    const again = await writing.desk.login('writer again', { ...writing.login, password });
    await until(
      async () => isDeepStrictEqual(await again.device.shown(group), await reader.device.shown(group)),
      async () =>
        `on the second device: ${JSON.stringify([await again.device.shown(group), await again.device.account()])}`,
    );
    for (const device of [writer.device, reader.device, again.device]) await device.off();
  }

  async #enter(key: string, { desk, login, firstPassword }: Seat, newPassword: string): Promise<Seated> {
    this.secret.push(firstPassword);
    return desk.login(key, { ...login, password: firstPassword, newPassword });
  }

  /** One of each; until the other one is shown it. */
  async #writes(chat: string, from: Seated, to: Seated): Promise<void> {
    const { device } = from;
    const text = await device.say(chat, { text: this.#mark('text') }, to.user);
    const edit = this.#mark('edit');
    await device.edit(chat, text, edit);
    const emoji = this.#mark('emoji').slice(0, EMOJI);
    await device.react(chat, text, emoji, true);
    const gone = await device.say(chat, { text: this.#mark('deleted') });
    await device.delete(chat, gone);
    await device.draft(chat, this.#mark('draft'));
    const file = { name: `${this.#mark('file')}.bin`, size: FILE_SIZE };
    this.secret.push(contentOf(file).slice(0, PIECE), contentOf(file).slice(-PIECE));
    const sent = await device.sendFile(chat, file, to.user);
    await until(
      async () => {
        const { entries } = await to.device.shown(chat);
        const isEdited = entries.some(
          (entry) => entry.id === text && entry.text === edit && entry.reactions.length > 0,
        );
        return isEdited && entries.some(({ id }) => id === sent);
      },
      async () => `what ${from.user} wrote: ${JSON.stringify(await to.device.shown(chat))}`,
    );
    await to.device.fetched(chat, sent);
  }

  #mark(what: string): string {
    const mark = `MARK-${what}-${randomUUID()}`;
    this.secret.push(mark);
    return mark;
  }
}

async function until(holds: () => Promise<boolean>, what: () => Promise<string>): Promise<void> {
  for (const end = Date.now() + SHOWN_WITHIN; !(await holds()); await pause(LOOK_EVERY)) {
    if (Date.now() > end) throw new Error(`not shown ${await what()}`);
  }
}
