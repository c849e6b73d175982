// A user at a client of one realm: writes to others, repeats what was not acknowledged, reads what comes, and keeps a cursor
// as real clients do. The client never crashes; its node does.
import type { EventPage, Submission } from '../../node/conversations/conversations.ts';
import type { UserProfile } from '../../node/directory/directory.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { CanopyError } from '../../src/realm/errors.ts';
import { type DeviceId, directConversationId, idText, parseMessageId, type UserId } from '../../src/realm/ids.ts';
import type { Chronicle, Written } from './chronicle.ts';
import type { EventLog } from './event-log.ts';
import type { Program } from './program.ts';
import { type Random, randomBytesOf } from './random.ts';
import type { SimulatedRealm } from './realm.ts';

export interface PersonInit {
  readonly profile: UserProfile;
  readonly device: DeviceId;
  readonly realm: SimulatedRealm;
  readonly clock: Clock;
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly log: EventLog;
}

const PAGE = 200;
const ID = 16;
/** Milliseconds before a refused message is tried again. */
const AGAIN = 5_000;

export class Person {
  readonly id: UserId;
  readonly #init: PersonInit;
  readonly #newId: () => string;
  readonly #unsent: Written[] = [];
  #cursor = { incarnation: 0, n: 0 };
  /** Counts how often this client has begun to read from the start. */
  #from = 1;
  #reading: Program | undefined;
  #again = false;
  #sending: Program | undefined;
  #retry: Timer | undefined;

  constructor(init: PersonInit) {
    this.#init = init;
    this.id = init.profile.id;
    const bytes = randomBytesOf(init.random);
    this.#newId = () => idText(bytes(ID));
    init.realm.onChange((running) => this.#onRealm(running));
  }

  get profile(): UserProfile {
    return this.#init.profile;
  }

  get realm(): SimulatedRealm {
    return this.#init.realm;
  }

  /** Messages that no node has acknowledged. */
  get unsent(): number {
    return this.#unsent.length;
  }

  write(to: UserProfile): void {
    const { chronicle } = this.#init;
    const id = parseMessageId(this.#newId());
    const conversation = directConversationId(this.id, to.id);
    const body = `message ${chronicle.written + 1}`;
    this.#unsent.push(chronicle.write({ id, sender: this.id, recipient: to.id, conversation, body }));
    this.#pump();
  }

  #onRealm(running: Program | undefined): void {
    this.#retry?.cancel();
    this.#sending = undefined;
    this.#reading = undefined;
    if (!running) return;
    running.conversations.onEvent((user, event) => {
      if (user === this.id && event.kind === 'message' && event.message.envelope.sender !== this.id) this.#read();
    });
    this.#pump();
    this.#read();
  }

  /** One after the other, in the order in which they were written. */
  #pump(): void {
    const { running } = this.#init.realm;
    const [first] = this.#unsent;
    if (!running || !first || this.#sending === running) return;
    this.#sending = running;
    running.conversations.submit({ user: this.id, device: this.#init.device }, submissionOf(first)).then(
      () => this.#acknowledged(running, first),
      (error: unknown) => this.#refused(running, first, error),
    );
  }

  #acknowledged(running: Program, written: Written): void {
    if (this.#sending !== running) return;
    this.#init.log.note('acknowledged', this.#init.realm.name, written.id);
    written.acknowledged = true;
    this.#sending = undefined;
    this.#unsent.shift();
    this.#pump();
  }

  #refused(running: Program, written: Written, error: unknown): void {
    if (this.#sending !== running) return;
    const code = error instanceof CanopyError ? error.code : String(error);
    this.#init.log.note('refused', this.#init.realm.name, written.id, code);
    this.#retry = this.#init.clock.after(AGAIN, () => {
      this.#sending = undefined;
      this.#pump();
    });
  }

  #read(): void {
    const { running } = this.#init.realm;
    if (!running) return;
    if (this.#reading === running) {
      this.#again = true;
      return;
    }
    this.#reading = running;
    this.#again = false;
    this.#readAll(running).then(
      () => this.#hasRead(running),
      (error: unknown) => {
        this.#init.log.note('reading failed', this.#init.realm.name, String(error));
        throw error;
      },
    );
  }

  #hasRead(running: Program): void {
    if (this.#reading !== running) return;
    this.#reading = undefined;
    if (this.#again) this.#read();
  }

  async #readAll(running: Program): Promise<void> {
    const { conversations } = running;
    for (let more = true; more; ) {
      const page = await this.#page(running);
      if (this.#reading !== running) return;
      for (const event of page.events) {
        if (event.kind !== 'message' || event.message.envelope.sender === this.id) continue;
        const { id, sender, body } = event.message.envelope;
        this.#init.chronicle.arrive(this.id, { id, sender, body: new TextDecoder().decode(body) }, this.#from);
      }
      this.#cursor = page.cursor;
      more = page.more;
    }
    await conversations.markDelivered(this.id, this.#cursor);
  }

  /** A cursor of this very incarnation that the node does not know was told before it was on disk. */
  async #page({ conversations }: Program): Promise<EventPage> {
    try {
      return await conversations.eventsSince(this.id, this.#cursor, PAGE);
    } catch (error) {
      if (!(error instanceof CanopyError) || error.code !== 'cursor-unknown') throw error;
      const { chronicle, profile } = this.#init;
      const { incarnation } = conversations.head();
      if (incarnation === this.#cursor.incarnation) {
        chronicle.violate('lost', `the node of ${profile.name} does not know what it has shown: ${this.#cursor.n}`);
      }
      this.#from++;
      this.#cursor = { incarnation: 0, n: 0 };
      return conversations.eventsSince(this.id, this.#cursor, PAGE);
    }
  }
}

function submissionOf({ id, conversation, recipient, body }: Written): Submission {
  return { id, conversation, recipients: [recipient], expires: 0, body: new TextEncoder().encode(body) };
}
