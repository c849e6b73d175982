// What is known while a day is planned: who is on, who is in what, and what may have come to whom.
import { type ExpectedMessage, outcomeOf } from './outcome.ts';
import { branchOf, type DayShape, type DeviceName, deviceKey, isWriting, type Sight, type Step } from './steps.ts';

export class PlannedWorld {
  readonly #shape: DayShape;
  readonly #pairs: ReadonlyMap<number, readonly number[]>;
  readonly #steps: Step[] = [];
  readonly #devices = new Map<string, { readonly name: DeviceName; state: 'on' | 'off' }>();
  readonly #owners = new Map<number, number>();
  /** The first message that a member who is no founder, or is one, can see of a group. */
  readonly #openings = new Map<string, number>();
  readonly #reactions = new Map<string, DeviceName>();
  /** On which side of a cut an event stays; what is not here reaches everybody. */
  readonly #sides = new Map<number, 'cut off' | 'rest'>();
  readonly #renamers = new Map<number, string>();
  /** The branch of who wrote first. */
  readonly #homes = new Map<number, number>();
  /** Devices that certainly have keys of a chat of their own; others get them of the chat's home when they write. */
  readonly #joined = new Set<string>();
  /** The devices that were logged in when a chat was made. */
  readonly #founders = new Map<number, ReadonlySet<string>>();
  #unsettled: { readonly event: number; readonly branch: number }[] = [];
  #cut: number | undefined;

  constructor(shape: DayShape, pairs: ReadonlyMap<number, readonly number[]>) {
    this.#shape = shape;
    this.#pairs = pairs;
  }

  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  take(step: Step): void {
    this.#steps.push(step);
    if (isWriting(step)) return this.#written(step);
    switch (step.act) {
      case 'login':
      case 'on':
        this.#devices.set(deviceKey(step.by), { name: step.by, state: 'on' });
        return;
      case 'off':
        this.#devices.set(deviceKey(step.by), { name: step.by, state: 'off' });
        return;
      case 'make':
        this.#owners.set(step.chat, step.by.person);
        return;
      case 'cut':
        this.#cut = step.branch;
        // What was on its way may have come or not.
        for (const { event, branch } of this.#unsettled) this.#sides.set(event, this.#side(branch));
        return;
      case 'heal':
        this.#cut = undefined;
        this.#sides.clear();
        return;
      case 'settle':
        if (this.isCut) return;
        this.#unsettled = [];
        for (const name of this.devices('on')) this.#joins(name);
        return;
      default:
    }
  }

  devices(state: 'on' | 'off'): readonly DeviceName[] {
    return [...this.#devices.values()].filter((one) => one.state === state).map(({ name }) => name);
  }

  isOn(name: DeviceName): boolean {
    return this.#devices.get(deviceKey(name))?.state === 'on';
  }

  nextChat(): number {
    return this.#pairs.size + this.#owners.size;
  }

  isGroup(chat: number): boolean {
    return chat >= this.#pairs.size;
  }

  ownerOf(chat: number): number | undefined {
    return this.#owners.get(chat);
  }

  isMember(chat: number, person: number): boolean {
    return this.#chat(chat)?.members.has(person) ?? false;
  }

  wasMember(chat: number, person: number): boolean {
    return this.#chat(chat)?.seenBy.has(person) ?? false;
  }

  /** Those that a person is in and can know of. */
  chatsOf(person: number): readonly number[] {
    return [...this.#outcome().values()]
      .filter(({ chat, members }) => {
        if (!members.has(person)) return false;
        if (!this.isGroup(chat) || this.ownerOf(chat) === person) return true;
        const opening = this.openingFor(chat, person);
        return opening !== undefined && this.#reaches(opening, person);
      })
      .map(({ chat }) => chat);
  }

  /** Whether a device can write now: whoever never did needs the chat's home for it. */
  mayWrite(name: DeviceName, chat: number): boolean {
    const home = this.#homes.get(chat);
    if (!this.isCut || home === undefined || this.#joined.has(`${chat}/${deviceKey(name)}`)) return true;
    return this.#side(home) === this.#side(branchOf(name.person, this.#shape));
  }

  /** Whether a device certainly has the keys of a chat: its own, or those of the person's other device. */
  mayRead(name: DeviceName, chat: number): boolean {
    const others = this.devices('off').filter(({ person }) => person === name.person);
    return others.length === 0 || this.#joined.has(`${chat}/${deviceKey(name)}`);
  }

  /** What a person has to be shown of a group before he writes in it. */
  openingFor(chat: number, person: number): number | undefined {
    return this.#openings.get(`${chat}/${person}`);
  }

  /** What a person can answer, change or react to, oldest first. */
  targets(chat: number, person: number): readonly ExpectedMessage[] {
    const found = this.#chat(chat);
    const seen = found?.seenBy.get(person) ?? new Set();
    return [...(found?.messages.values() ?? [])].filter(
      (message) => !message.isDeleted && seen.has(message.event) && this.#isWhollyKnown(message.event, person),
    );
  }

  sight({ event, text }: ExpectedMessage): Sight {
    return { event, ...(text !== undefined && { text }) };
  }

  /** The device that reacted so. */
  reactionOf(event: number, person: number, emoji: string): DeviceName | undefined {
    return this.#reactions.get(`${event}/${person}/${emoji}`);
  }

  hasReacted({ reactions }: ExpectedMessage, person: number, emoji: string): boolean {
    return reactions.get(emoji)?.has(person) ?? false;
  }

  /** The last name counts: two devices of the owner that name a group at one time would leave it open which that is. */
  wasRenamedElsewhere({ by, chat }: { readonly by: DeviceName; readonly chat: number }): boolean {
    const last = this.#renamers.get(chat);
    return last !== undefined && last !== deviceKey(by);
  }

  #written(step: Extract<Step, { event: number }>): void {
    const { event, by, chat } = step;
    const branch = branchOf(by.person, this.#shape);
    if (this.#cut !== undefined) this.#sides.set(event, this.#side(branch));
    this.#unsettled.push({ event, branch });
    if (!this.#homes.has(chat)) this.#founded(chat, branch);
    if (!this.isCut) this.#joined.add(`${chat}/${deviceKey(by)}`);
    if (step.act === 'react') this.#reactions.set(`${step.target}/${by.person}/${step.emoji}`, by);
    if (step.act === 'rename') this.#renamers.set(chat, deviceKey(by));
    if (step.act !== 'say' || !this.isGroup(chat)) return;
    for (const person of this.#chat(chat)?.members ?? []) {
      const key = `${chat}/${person}`;
      if (!this.#openings.has(key)) this.#openings.set(key, event);
    }
  }

  /** What was made while this device was there has reached it by now. */
  #joins(name: DeviceName): void {
    for (const [key, founders] of this.#founders) {
      if (founders.has(deviceKey(name))) this.#joined.add(`${key}/${deviceKey(name)}`);
    }
  }

  #founded(chat: number, branch: number): void {
    this.#homes.set(chat, branch);
    const members = this.#chat(chat)?.members ?? new Set();
    const devices = [...this.#devices].filter(([, { name }]) => members.has(name.person));
    this.#founders.set(chat, new Set(devices.map(([key]) => key)));
  }

  #side(branch: number): 'cut off' | 'rest' {
    return branch === this.#cut ? 'cut off' : 'rest';
  }

  #reaches(event: number, person: number): boolean {
    const side = this.#sides.get(event);
    return side === undefined || side === this.#side(branchOf(person, this.#shape));
  }

  /** With every change that was made to it. */
  #isWhollyKnown(event: number, person: number): boolean {
    return this.#steps.every((step) => {
      if (!isWriting(step)) return true;
      const isAbout = step.event === event || ('target' in step && step.target === event);
      return !isAbout || this.#reaches(step.event, person);
    });
  }

  #chat(chat: number) {
    return this.#outcome().get(chat);
  }

  #known: { readonly steps: number; readonly outcome: ReturnType<typeof outcomeOf> } | undefined;
  #outcome() {
    if (this.#known?.steps !== this.#steps.length) {
      this.#known = { steps: this.#steps.length, outcome: outcomeOf(this.#steps, this.#pairs) };
    }
    return this.#known.outcome;
  }
}
