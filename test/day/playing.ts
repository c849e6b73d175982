// Plays a generated day with real devices and compares what they show with what the plan says.
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from '../../src/realm/errors.ts';
import { directConversationId, parseUserId } from '../../src/realm/ids.ts';
import { differences, type Names, ownDifferences } from './comparing.ts';
import type { DayDevice, ShownChat } from './device.ts';
import { outcomeOf } from './outcome.ts';
import { pairsOf } from './planning.ts';
import {
  type Day,
  type DeviceName,
  deviceKey,
  isWriting,
  type Membership,
  type Sight,
  type Step,
  type Writing,
} from './steps.ts';

export type Device = Pick<
  DayDevice,
  | 'off'
  | 'on'
  | 'restart'
  | 'say'
  | 'sendFile'
  | 'edit'
  | 'delete'
  | 'react'
  | 'rename'
  | 'draft'
  | 'make'
  | 'invite'
  | 'remove'
  | 'leave'
  | 'shown'
  | 'fetched'
  | 'account'
>;

export interface Stage {
  /** A new device of a person, logged in and connected. */
  login(name: DeviceName): Promise<{ readonly device: Device; readonly user: string }>;
  cut(branch: number): Promise<void>;
  heal(branch: number): Promise<void>;
  /** With -9, and started again. */
  kill(branch: number): Promise<void>;
}

export interface PlayOptions {
  /** Milliseconds for what was done to be shown everywhere. */
  readonly settleLimit: number;
  /** Milliseconds for a device to be shown what it answers. */
  readonly stepLimit: number;
  readonly tell?: (line: string) => void;
}

const LOOK_EVERY = 150;
/** A settling that takes longer tells what it waits for. */
const TELL_EVERY = 10_000;
/** What passes by itself: the node is started again, or has not heard yet of what others have made. */
const PASSING = new Set([
  'server-unreachable',
  'conversation-unknown',
  'home-away',
  'group-busy',
  'group-info-missing',
  'recipient-no-device',
  'account-locked',
  'not-a-member',
  'user-unknown',
  'deadline',
]);

export class Play {
  readonly #day: Day;
  readonly #stage: Stage;
  readonly #options: PlayOptions;
  readonly #pairs: ReadonlyMap<number, readonly number[]>;
  readonly #devices = new Map<string, { readonly name: DeviceName; readonly device: Device; isOn: boolean }>();
  readonly #users = new Map<number, string>();
  readonly #chats = new Map<number, string>();
  readonly #ids = new Map<number, string>();
  #isCut = false;

  constructor(day: Day, stage: Stage, options: PlayOptions) {
    this.#day = day;
    this.#stage = stage;
    this.#options = options;
    this.#pairs = pairsOf(day.shape);
  }

  /** @throws when something is not shown in time */
  async play(): Promise<void> {
    for (const [index, step] of this.#day.steps.entries()) {
      this.#options.tell?.(`${index} ${JSON.stringify(step)}`);
      try {
        await this.#step(step, index);
      } catch (cause) {
        const said = await this.#accounts();
        throw new Error(`seed ${this.#day.seed}, step ${index}: ${JSON.stringify(step)}\n${String(cause)}\n${said}`, {
          cause,
        });
      }
    }
  }

  /** What is wrong at the end; empty when all is well. */
  async verdict(): Promise<readonly string[]> {
    const wrong = await this.#unsettled(this.#day.steps.length);
    for (const [key, { device }] of this.#devices) {
      const { counters, doubled, failed } = await device.account();
      if (counters['unable-to-decrypt'] !== 0) wrong.push(`${key}: unable to decrypt ${counters['unable-to-decrypt']}`);
      if (doubled.length > 0) wrong.push(`${key}: told twice ${doubled.join(', ')}`);
      if (failed.length > 0) wrong.push(`${key}: refused ${failed.join(', ')}`);
    }
    return wrong;
  }

  /** Every file of every chat, as each person's newest device fetches it: [what is expected of whom, hash]. */
  async *files(): AsyncGenerator<{
    readonly what: string;
    readonly name: string;
    readonly size: number;
    readonly hash: string;
  }> {
    for (const chat of outcomeOf(this.#day.steps, this.#pairs).values()) {
      for (const { event, file } of chat.messages.values()) {
        for (const person of file ? chat.members : []) {
          if (!file || !chat.seenBy.get(person)?.has(event)) continue;
          const device = this.#device({ person, device: 1 });
          const hash = await device.fetched(this.#chat(chat.chat), this.#id(event));
          yield { what: `event ${event} for person ${person}`, ...file, hash };
        }
      }
    }
  }

  async #step(step: Step, index: number): Promise<void> {
    if (isWriting(step)) {
      await this.#sees(step);
      this.#ids.set(step.event, await this.#patiently(() => this.#write(step)));
      return;
    }
    switch (step.act) {
      case 'login': {
        const { device, user } = await this.#patiently(() => this.#stage.login(step.by));
        this.#devices.set(deviceKey(step.by), { name: step.by, device, isOn: true });
        this.#users.set(step.by.person, user);
        return;
      }
      case 'on':
      case 'off':
      case 'restart': {
        const held = this.#devices.get(deviceKey(step.by));
        if (held) held.isOn = step.act !== 'off';
        const { act } = step;
        return this.#patiently(() => this.#device(step.by)[act]());
      }
      case 'cut':
      case 'heal':
      case 'kill':
        if (step.act !== 'kill') this.#isCut = step.act === 'cut';
        return this.#stage[step.act](step.branch);
      case 'settle':
        return this.#settle(index);
      default:
        return this.#change(step);
    }
  }

  async #write(step: Writing): Promise<string> {
    const device = this.#device(step.by);
    const chat = this.#chat(step.chat);
    const other = this.#other(step);
    switch (step.act) {
      case 'say': {
        const reply = step.replyTo === undefined ? {} : { replyTo: this.#id(step.replyTo) };
        return device.say(chat, { text: step.text, ...reply }, other);
      }
      case 'file':
        return device.sendFile(chat, { name: step.name, size: step.size }, other);
      case 'edit':
        return device.edit(chat, this.#id(step.target), step.text);
      case 'delete':
        return device.delete(chat, this.#id(step.target));
      case 'react':
        return device.react(chat, this.#id(step.target), step.emoji, step.on);
      case 'rename':
        return device.rename(chat, step.name);
    }
  }

  async #change(step: Membership): Promise<void> {
    const device = this.#device(step.by);
    if (step.act === 'make') {
      const members = step.members.map((person) => this.#user(person));
      this.#chats.set(step.chat, await this.#patiently(() => device.make(members)));
      return;
    }
    await this.#sees(step);
    const chat = this.#chat(step.chat);
    if (step.act === 'leave') return this.#patiently(() => device.leave(chat));
    return this.#patiently(() => device[step.act](chat, this.#user(step.person)));
  }

  async #sees({ by, chat, sees }: { readonly by: DeviceName; readonly chat: number; readonly sees: readonly Sight[] }) {
    let missing: readonly Sight[] = sees;
    for (const end = Date.now() + this.#options.stepLimit; missing.length > 0; await pause(LOOK_EVERY)) {
      const { entries } = await this.#device(by).shown(this.#chat(chat));
      missing = sees.filter(({ event, text }) => {
        const entry = entries.find(({ id }) => id === this.#id(event));
        return !entry || (text !== undefined && entry.text !== text);
      });
      if (missing.length === 0) return;
      if (Date.now() > end) throw new Error(`${deviceKey(by)} is not shown ${JSON.stringify(missing)}`);
    }
  }

  async #settle(index: number): Promise<void> {
    if (this.#isCut) return;
    const begun = Date.now();
    for (let told = begun; ; await pause(LOOK_EVERY)) {
      const wrong = await this.#unsettled(index);
      if (wrong.length === 0) return;
      const now = Date.now();
      if (now > begun + this.#options.settleLimit) throw new Error(`not settled:\n${wrong.slice(0, 20).join('\n')}`);
      if (now < told + TELL_EVERY) continue;
      told = now;
      this.#options.tell?.(
        `not settled for ${now - begun} ms, ${wrong.length} differences\n${wrong.slice(0, 5).join('\n')}`,
      );
    }
  }

  /** What the devices that are on do not show as it should be after so many steps. */
  async #unsettled(steps: number): Promise<string[]> {
    const wrong: string[] = [];
    for (const expected of outcomeOf(this.#day.steps.slice(0, steps), this.#pairs).values()) {
      if (expected.messages.size === 0) continue;
      // Keys that only a device has which is off come when it is on again: until then nobody can ask it.
      const waiting = new Set([...this.#devices.values()].flatMap(({ name, isOn }) => (isOn ? [] : [name.person])));
      const shown: { readonly key: string; readonly person: number; readonly chat: ShownChat }[] = [];
      for (const [key, { name, device, isOn }] of this.#devices) {
        if (!isOn || waiting.has(name.person) || !expected.seenBy.has(name.person)) continue;
        shown.push({ key, person: name.person, chat: await device.shown(this.#chat(expected.chat)) });
      }
      for (const { key, person, chat } of shown) {
        wrong.push(
          ...differences(expected, person, chat, this.#names()).map((text) => `chat ${expected.chat}, ${key}: ${text}`),
        );
      }
      wrong.push(...ownDifferences(shown).map((text) => `chat ${expected.chat}: ${text}`));
    }
    return wrong;
  }

  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (const end = Date.now() + this.#options.stepLimit; ; await pause(LOOK_EVERY)) {
      try {
        return await work();
      } catch (error) {
        if (!PASSING.has(codeOf(error)) || Date.now() > end) throw error;
      }
    }
  }

  async #accounts(): Promise<string> {
    const all = [...this.#devices].map(async ([key, { device }]) => {
      return `${key} ${JSON.stringify(await device.account().catch(codeOf))}`;
    });
    return (await Promise.all(all)).join('\n');
  }

  #names(): Names {
    return { idOf: (event) => this.#id(event), userOf: (person) => this.#user(person) };
  }

  #other({ by, chat }: Writing): string | undefined {
    const pair = this.#pairs.get(chat);
    const other = pair?.find((person) => person !== by.person);
    return other === undefined ? undefined : this.#user(other);
  }

  #device(name: DeviceName): Device {
    return present(this.#devices.get(deviceKey(name)), `device ${deviceKey(name)}`).device;
  }

  #user(person: number): string {
    return present(this.#users.get(person), `person ${person}`);
  }

  #id(event: number): string {
    return present(this.#ids.get(event), `event ${event}`);
  }

  #chat(chat: number): string {
    const pair = this.#pairs.get(chat);
    if (!pair) return present(this.#chats.get(chat), `chat ${chat}`);
    const [one = 0, other = 0] = pair;
    return directConversationId(parseUserId(this.#user(one)), parseUserId(this.#user(other)));
  }
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is not there yet`);
  return value;
}
