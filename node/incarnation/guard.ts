// Before a node numbers anything it asks the realm above and two followers what they have seen of it. When it is behind, or was
// restored from a copy, it fills up from them, takes a new incarnation that the realm above certifies, and opens anew with that.
//
// A plain restart (boot-mark.ts) may write after a moment even when nobody answers, so that a lone branch serves its LAN; whoever
// answers later is still heard. A restored copy waits for a witness, or for the operator's word. See docs/decisions/0035.
import { askIncarnation, askSeen } from '../../src/protocols/heads/client.ts';
import { HeadsServer } from '../../src/protocols/heads/server.ts';
import { FraudError } from '../../src/protocols/ledger/fraud.ts';
import { type CertifiedIncarnation, checkIncarnation } from '../../src/protocols/ledger/incarnation.ts';
import { Bell } from '../../src/realm/bell.ts';
import { sleep } from '../../src/realm/clock.ts';
import { codeOf, InputError, messageOf, UnreachableError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { storeIncarnation } from '../../src/store/incarnation.ts';
import type { MarkVerdict } from './boot-mark.ts';
import { Testimony, type TestimonyComponents, type TestimonyInit } from './testimony.ts';
import type { WitnessBook } from './witness-book.ts';

export interface IncarnationGuardComponents extends TestimonyComponents {
  readonly database: Database;
  readonly book: WitnessBook;
  /** Realms of the family that may hold something of this one, the best first; without the parent. */
  readonly followers: () => readonly RealmName[];
  /** Others hold a proof against a chain of this realm in its present incarnation. */
  readonly isConvicted: () => Promise<boolean>;
  /** Leaves the mark of this start on disk. */
  readonly renewMark: () => Promise<void>;
  /** The node is to be opened anew, with the incarnation that is on disk. */
  readonly reopen: () => void;
}

export interface IncarnationGuardInit extends TestimonyInit {
  readonly verdict: MarkVerdict;
}

/** Milliseconds that a plain restart waits for a first witness. */
const PATIENCE = 3000;
/** Followers that are asked, and how many answers are enough. */
const MAX_ASKED = 6;
const ENOUGH = 2;
const FIRST_PAUSE = 250;
const MAX_PAUSE = 30_000;
/** Milliseconds for the operator's answer to leave before everything stops. */
const LEAVE = 200;

export class IncarnationGuard {
  readonly #parts: IncarnationGuardComponents;
  readonly #init: IncarnationGuardInit;
  readonly #server: HeadsServer;
  readonly #stopping = new AbortController();
  readonly #answered = new Set<RealmName>();
  readonly #bell = new Bell();
  readonly #testimony: Testimony;
  #restored: boolean;
  /** Milliseconds since 1970: when a program with our key was last seen beside us. */
  #twinAt: number | undefined;
  #loop: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => {};
  /** Told of each answer. */
  #onAnswer: () => void = () => {};

  constructor(components: IncarnationGuardComponents, init: IncarnationGuardInit) {
    this.#parts = components;
    this.#init = init;
    this.#restored = init.verdict === 'restored';
    this.#testimony = new Testimony(components, init, this.#stopping.signal);
    const { book } = components;
    this.#server = new HeadsServer({
      ...components,
      seenOf: (realm) => book.seenOf(realm),
      certify: (realm) => book.certify(realm),
    });
  }

  async start(): Promise<void> {
    const { network, permit, audit } = this.#parts;
    this.#server.start();
    this.#unsubscribe = network.onPath(({ kind }) => kind !== 'unreachable' && this.#bell.ring());
    if (this.#restored) {
      permit.withhold('restored');
      await audit.record({ code: 'restored-copy', fields: { incarnation: this.#init.incarnation } });
    } else {
      await this.#parts.renewMark();
    }
    const first = this.#firstAnswer();
    this.#loop = this.#run().catch((error: unknown) => this.#failed(error));
    if (!this.#restored) {
      await Promise.race([first, sleep(this.#parts.clock, PATIENCE, this.#stopping.signal).catch(() => undefined)]);
    }
    this.#testimony.waitNoMore();
    if (permit.withheld === 'checking') permit.grant();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopping.abort(new Error('The node is stopping'));
    await this.#server.stop();
    await this.#loop;
  }

  get book(): WitnessBook {
    return this.#parts.book;
  }

  state() {
    const { withheld } = this.#parts.permit;
    return { incarnation: this.#init.incarnation, withheld, witnesses: [...this.#answered].sort() };
  }

  /**
   * The operator says that what is here is all there is. A realm that signed two entries for one number begins anew with that.
   * @throws InputError `nothing-to-confirm`; UnreachableError when the realm above must certify and does not answer
   */
  async confirm(): Promise<void> {
    const { permit, audit, renewMark } = this.#parts;
    const { withheld } = permit;
    const isConvicted = withheld === 'forked' || (await this.#parts.isConvicted());
    if (!isConvicted && withheld !== 'restored' && withheld !== 'behind') {
      throw new InputError('nothing-to-confirm', 'This server writes, or will do so by itself');
    }
    const { incarnation } = this.#init;
    const why = isConvicted ? 'convicted' : (withheld ?? '');
    await audit.record({ code: 'incarnation-confirmed', actor: 'operator', fields: { incarnation, withheld: why } });
    // Numbers that were given out twice are believed again in an incarnation that the realm above certifies, and in no other.
    if (this.#init.parent === undefined || isConvicted) return this.#renew();
    await renewMark();
    this.#restored = false;
    this.#testimony.forget();
    permit.grant();
  }

  /** What an operator is told beside the permit. */
  warnings(): string[] {
    const { warning } = this.#parts.permit;
    const twin =
      this.#twinAt === undefined
        ? []
        : [`Another server has come with the identity of this one, last at ${new Date(this.#twinAt).toISOString()}`];
    return [...(warning ? [warning] : []), ...twin];
  }

  /** Another program with our key: the elder goes on and is told, the newcomer writes nothing. */
  onTwin(we: 'elder' | 'newcomer'): void {
    const { permit, audit, clock, log } = this.#parts;
    const isNews = this.#twinAt === undefined;
    this.#twinAt = clock.now();
    if (we === 'newcomer' && permit.withheld !== 'cloned') permit.withhold('cloned');
    if (!isNews) return;
    log.error({ we }, 'two servers run with one identity');
    audit
      .record({ code: 'twin-detected', actor: this.#init.realm, fields: { we } })
      .catch((error) => this.#failed(error));
  }

  /** The own relay has admitted this node: the twin is gone, and what it has numbered is unknown here. */
  onAdmitted(): void {
    const { permit } = this.#parts;
    if (permit.withheld !== 'cloned') return;
    this.#restored = true;
    this.#answered.clear();
    permit.withhold('restored');
    this.#loop = this.#runAgain(this.#loop);
  }

  #firstAnswer(): Promise<void> {
    const asked = this.#witnesses();
    if (asked.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onAnswer = resolve;
    });
  }

  #witnesses(): RealmName[] {
    const { parent } = this.#init;
    return [...(parent === undefined ? [] : [parent]), ...this.#parts.followers().slice(0, MAX_ASKED)];
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(MAX_PAUSE, pause * 2)) {
      const open = this.#witnesses().filter((witness) => !this.#answered.has(witness));
      await Promise.all(open.map((witness) => this.#ask(witness)));
      if (signal.aborted) return;
      if (await this.#settle()) return;
      await this.#bell.heardWithin(this.#parts.clock, pause, signal).catch(() => undefined);
    }
  }

  async #runAgain(before: Promise<void>): Promise<void> {
    await before;
    await this.#run().catch((error: unknown) => this.#failed(error));
  }

  async #ask(witness: RealmName): Promise<void> {
    try {
      const seen = await askSeen(this.#parts, witness, this.#stopping.signal);
      await this.#testimony.hear(witness, seen);
      this.#answered.add(witness);
      this.#onAnswer();
    } catch (error) {
      if (error instanceof FraudError) await this.#contradicted(error, witness);
      else this.#parts.log.debug({ witness, code: codeOf(error) }, 'witness does not answer');
    }
  }

  /** True when there is nothing more to ask. */
  async #settle(): Promise<boolean> {
    const { parent } = this.#init;
    const others = [...this.#answered].filter((realm) => realm !== parent).length;
    const heard = parent === undefined ? others > 0 : this.#answered.has(parent);
    const needsNew = this.#testimony.isBehind || this.#restored;
    const { withheld } = this.#parts.permit;
    if (needsNew && heard && withheld !== undefined && withheld !== 'forked' && withheld !== 'cloned') {
      await this.#renew().catch((error: unknown) => this.#failed(error));
    }
    const all = this.#witnesses().every((witness) => this.#answered.has(witness));
    return !needsNew && (all || (heard && others >= ENOUGH));
  }

  async #renew(): Promise<void> {
    const { network, clock, store, database, audit, renewMark, reopen, book } = this.#parts;
    const { realm, parent } = this.#init;
    const { signal } = this.#stopping;
    const certificate =
      parent === undefined
        ? await book.give(realm, this.#testimony.seen)
        : await askIncarnation({ network, clock }, parent, signal);
    const certified = await checkIncarnation(certificate, store.checkChain);
    if (certified.realm !== realm || certified.incarnation <= this.#testimony.seen) {
      throw new UnreachableError('incarnation-old', `Incarnation ${certified.incarnation} is not new`);
    }
    await this.#assertHasAll(certified);
    await storeIncarnation(database, realm, certified.incarnation, certificate);
    await audit.record({
      code: 'incarnation-renewed',
      fields: { before: this.#init.incarnation, now: certified.incarnation },
    });
    await renewMark();
    this.#stopping.abort(new Error('The node opens anew'));
    clock.after(LEAVE, reopen);
  }

  /** The realm above has seen more than it showed: it is asked again. @throws UnreachableError `incarnation-behind` */
  async #assertHasAll(certified: CertifiedIncarnation): Promise<void> {
    const { store } = this.#parts;
    const { realm, parent } = this.#init;
    for (const { chain, n } of certified.kept) {
      if ((await store.head({ realm, chain })).n >= n) continue;
      if (parent !== undefined) this.#answered.delete(parent);
      throw new UnreachableError(
        'incarnation-behind',
        `${n} entries of the ${chain} chain are known above; not all are here`,
      );
    }
  }

  /** What was given out twice before the present incarnation is settled by it. */
  async #contradicted(error: FraudError, witness: RealmName): Promise<void> {
    if (error.proof.incarnation >= this.#init.incarnation) return this.#forked(error, witness);
    this.#answered.add(witness);
    this.#onAnswer();
  }

  async #forked(error: FraudError, witness: RealmName): Promise<void> {
    const { permit, audit } = this.#parts;
    if (permit.withheld === 'forked') return;
    permit.withhold('forked');
    const { chain, n } = error.proof;
    await audit.record({ code: 'ledger-fraud', actor: this.#init.realm, fields: { chain, n, witness } });
  }

  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    this.#parts.log.error({ code: codeOf(error), why: messageOf(error) }, 'the check of the incarnation failed');
  }
}
