// Makes the plan of a day out of a seed. What a step needs is always within reach: nobody answers what cannot have come to his branch
// while a branch is cut off, and changes of members come when everything written before has arrived.
import { oneOf, type Random, randomFor, wholeBetween } from '../simulation/random.ts';
import { PlannedWorld } from './planned-world.ts';
import type { Day, DayShape, DeviceName, Step } from './steps.ts';

const WORDS = [
  'report',
  'meeting',
  'звіт',
  'lorry',
  '会议',
  'invoice',
  'дякую',
  'tomorrow',
  'cable',
  'key',
  '👍🏽',
  'Straße',
];
const EMOJI = ['👍', '🎉', '❤️', '👩🏽‍🚀'];
/** Parts of a day's acts after which these things happen. */
const CUT_AT = 0.3;
const HEAL_AT = 0.55;
const KILL_AT = 0.7;
/** Second devices come in this part of the day. */
const LAST_LOGIN = 0.85;

type Chance = readonly [weight: number, make: () => readonly Step[]];

export function planDay(seed: number, shape: DayShape): Day {
  return { seed, shape, steps: new Planner(seed, shape).plan() };
}

/** The two people of each conversation of two; numbered before the groups. */
export function pairsOf({ people }: DayShape): ReadonlyMap<number, readonly number[]> {
  const pairs = new Map<number, readonly number[]>();
  for (let one = 0; one < people; one++) {
    for (const step of people > 4 ? [1, 3] : [1]) pairs.set(pairs.size, [one, (one + step) % people]);
  }
  return pairs;
}

class Planner {
  readonly #random: Random;
  readonly #shape: DayShape;
  readonly #world: PlannedWorld;
  readonly #steps: Step[] = [];
  readonly #logins = new Map<number, DeviceName[]>();
  #event = 0;

  constructor(seed: number, shape: DayShape) {
    this.#random = randomFor(seed, 'day');
    this.#shape = shape;
    this.#world = new PlannedWorld(shape, pairsOf(shape));
  }

  plan(): readonly Step[] {
    const { people, acts, branches, groups } = this.#shape;
    for (let person = 0; person < people; person++) {
      this.#add({ act: 'login', by: { person, device: 0 } });
      const at = wholeBetween(this.#random, 0, Math.floor(acts * LAST_LOGIN));
      this.#logins.set(at, [...(this.#logins.get(at) ?? []), { person, device: 1 }]);
    }
    for (let group = 0; group < groups; group++) this.#add(...this.#makeGroup());
    const cut = wholeBetween(this.#random, 0, branches - 1);
    const killed = wholeBetween(this.#random, 0, branches - 1);
    for (let done = 0; done < acts; done++) {
      for (const by of this.#logins.get(done) ?? []) this.#add({ act: 'login', by });
      if (done === Math.floor(acts * CUT_AT)) this.#add({ act: 'cut', branch: cut });
      if (done === Math.floor(acts * HEAL_AT)) this.#add({ act: 'heal', branch: cut });
      if (done === Math.floor(acts * KILL_AT)) this.#add({ act: 'kill', branch: killed });
      this.#add(...this.#something());
    }
    for (const by of this.#world.devices('off')) this.#add({ act: 'on', by });
    this.#add({ act: 'settle' });
    return this.#steps;
  }

  #add(...steps: readonly Step[]): void {
    for (const step of steps) {
      this.#world.take(step);
      this.#steps.push(step);
    }
  }

  /** What is impossible just now is drawn again; to say something is always possible. */
  #something(): readonly Step[] {
    const chances: readonly Chance[] = [
      [40, () => this.#say(false)],
      [16, () => this.#say(true)],
      [12, () => this.#edit()],
      [5, () => this.#delete()],
      [18, () => this.#react()],
      [4, () => this.#file()],
      [2, () => this.#rename()],
      [5, () => this.#changeMembers()],
      [9, () => this.#changeDevice()],
    ];
    const total = chances.reduce((sum, [weight]) => sum + weight, 0);
    for (;;) {
      let left = this.#random() * total;
      const [, make] = chances.find(([weight]) => (left -= weight) < 0) ?? [0, () => this.#say(false)];
      const steps = make();
      if (steps.length > 0) return steps;
    }
  }

  #say(isReply: boolean): readonly Step[] {
    const place = this.#place();
    if (!place) return [];
    const base = { act: 'say', ...place, event: this.#event++, text: this.#text() } as const;
    if (!isReply) return [base];
    const target = this.#target(place);
    return target ? [{ ...base, replyTo: target.event, sees: [...place.sees, this.#world.sight(target)] }] : [];
  }

  #file(): readonly Step[] {
    const place = this.#place();
    const size = wholeBetween(this.#random, 0, this.#shape.largestFile);
    return place ? [{ act: 'file', ...place, event: this.#event++, name: `${this.#text()}.bin`, size }] : [];
  }

  #edit(): readonly Step[] {
    const place = this.#place();
    const target =
      place && this.#target(place, (message) => message.sender === place.by.person && message.text !== undefined);
    if (!place || !target) return [];
    const sees = [...place.sees, this.#world.sight(target)];
    return [{ act: 'edit', ...place, sees, event: this.#event++, target: target.event, text: this.#text() }];
  }

  #delete(): readonly Step[] {
    const place = this.#place();
    const target = place && this.#target(place, (message) => message.sender === place.by.person);
    if (!place || !target) return [];
    const sees = [...place.sees, this.#world.sight(target)];
    return [{ act: 'delete', ...place, sees, event: this.#event++, target: target.event }];
  }

  /** Each person takes a reaction back on the device that gave it: what two devices do at one time has no right order. */
  #react(): readonly Step[] {
    const place = this.#place();
    const target = place && this.#target(place);
    if (!place || !target) return [];
    const emoji = oneOf(this.#random, EMOJI);
    const given = this.#world.reactionOf(target.event, place.by.person, emoji);
    const by = given ?? place.by;
    if (!this.#world.isOn(by)) return [];
    if (!this.#world.mayWrite(by, place.chat) || !this.#world.mayRead(by, place.chat)) return [];
    const on = given === undefined || !this.#world.hasReacted(target, place.by.person, emoji);
    const sees = [...place.sees, this.#world.sight(target)];
    return [{ act: 'react', ...place, by, sees, event: this.#event++, target: target.event, emoji, on }];
  }

  #rename(): readonly Step[] {
    const place = this.#place((chat) => this.#world.isGroup(chat));
    if (!place || this.#world.ownerOf(place.chat) !== place.by.person || this.#world.wasRenamedElsewhere(place))
      return [];
    return [{ act: 'rename', ...place, event: this.#event++, name: this.#text() }];
  }

  #makeGroup(): readonly Step[] {
    const by = oneOf(this.#random, this.#world.devices('on'));
    const others = Array.from({ length: this.#shape.people }, (_, person) => person).filter((one) => one !== by.person);
    const members = others.filter(() => this.#random() < 0.6);
    if (members.length < 2) return this.#makeGroup();
    const chat = this.#world.nextChat();
    const sees = [] as const;
    return [
      { act: 'make', by, chat, members },
      { act: 'rename', by, chat, sees, event: this.#event++, name: this.#text() },
      { act: 'say', by, chat, sees, event: this.#event++, text: this.#text() },
    ];
  }

  #changeMembers(): readonly Step[] {
    if (this.#world.isCut) return [];
    const place = this.#place((chat) => this.#world.isGroup(chat));
    if (!place) return [];
    const { people } = this.#shape;
    const isOwner = this.#world.ownerOf(place.chat) === place.by.person;
    if (!isOwner) return this.#random() < 0.3 ? [{ act: 'settle' }, { act: 'leave', ...place }, { act: 'settle' }] : [];
    const person = wholeBetween(this.#random, 0, people - 1);
    if (person === place.by.person) return [];
    if (this.#world.isMember(place.chat, person)) {
      return [{ act: 'settle' }, { act: 'remove', ...place, person }, { act: 'settle' }];
    }
    if (this.#world.wasMember(place.chat, person)) return [];
    const greeting = { act: 'say', ...place, event: this.#event++, text: this.#text() } as const;
    return [{ act: 'settle' }, { act: 'invite', ...place, person }, greeting, { act: 'settle' }];
  }

  #changeDevice(): readonly Step[] {
    const off = this.#world.devices('off');
    if (off.length > 0 && this.#random() < 0.6) return [{ act: 'on', by: oneOf(this.#random, off) }];
    const by = oneOf(this.#random, this.#world.devices('on'));
    if (this.#world.devices('on').length < 3) return [];
    return [{ act: this.#random() < 0.4 ? 'restart' : 'off', by }];
  }

  /** Somebody at a device that is on, in a chat that he knows of. */
  #place(fits: (chat: number) => boolean = () => true) {
    const by = oneOf(this.#random, this.#world.devices('on'));
    const known = this.#world.chatsOf(by.person).filter((chat) => {
      const isOpen = !this.#world.isGroup(chat) || this.#world.mayRead(by, chat);
      return isOpen && this.#world.mayWrite(by, chat);
    });
    const chats = known.filter(fits);
    if (chats.length === 0) return undefined;
    const chat = oneOf(this.#random, chats);
    const opening = this.#world.openingFor(chat, by.person);
    return { by, chat, sees: opening === undefined ? [] : [{ event: opening }] };
  }

  #target(
    { by, chat }: { by: DeviceName; chat: number },
    fits: (message: ReturnType<PlannedWorld['targets']>[number]) => boolean = () => true,
  ) {
    if (!this.#world.mayRead(by, chat)) return undefined;
    const found = this.#world.targets(chat, by.person).filter(fits);
    return found.length > 0 ? oneOf(this.#random, found.slice(-12)) : undefined;
  }

  #text(): string {
    const count = wholeBetween(this.#random, 1, 6);
    return Array.from({ length: count }, () => oneOf(this.#random, WORDS)).join(' ') + ` ${this.#event}`;
  }
}
