// Who runs a realm: certifies the realms below it, adds its users, revokes. One act after the other, each repeated until the
// node has said that it is done; what it has said so of must never be lost.
import type { UserProfile } from '../../node/directory/directory.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { RealmName, Tier } from '../../src/realm/names.ts';
import { revoke, trust } from './charter.ts';
import type { EventLog } from './event-log.ts';
import type { Program } from './program.ts';
import type { SimulatedRealm } from './realm.ts';

export type Act =
  | { readonly kind: 'certify'; readonly realm: RealmName; readonly tier: Tier; readonly chain: Uint8Array }
  | { readonly kind: 'add-user'; readonly user: UserProfile }
  | { readonly kind: 'revoke'; readonly realm: RealmName }
  | { readonly kind: 'trust'; readonly realm: RealmName };

export interface AdministratorInit {
  readonly realm: SimulatedRealm;
  readonly clock: Clock;
  readonly log: EventLog;
}

/** Milliseconds before an act that failed is tried again. */
const AGAIN = 3_000;

export class Administrator {
  readonly #init: AdministratorInit;
  readonly #acts: Act[] = [];
  #acting: Program | undefined;
  #retry: Timer | undefined;
  /** What the node has said is done. */
  readonly done: Act[] = [];

  constructor(init: AdministratorInit) {
    this.#init = init;
    init.realm.onChange(() => {
      this.#retry?.cancel();
      this.#acting = undefined;
      this.#next();
    });
  }

  get pending(): number {
    return this.#acts.length;
  }

  ask(act: Act): void {
    this.#acts.push(act);
    this.#next();
  }

  #next(): void {
    const { realm, log, clock } = this.#init;
    const { running } = realm;
    const [act] = this.#acts;
    if (!running || !act || this.#acting === running) return;
    this.#acting = running;
    perform(running, act).then(
      () => this.#isDone(running, act),
      (error: unknown) => {
        if (this.#acting !== running) return;
        log.note('not done', realm.name, act.kind, codeOf(error));
        this.#retry = clock.after(AGAIN, () => this.#again());
      },
    );
  }

  #isDone(running: Program, act: Act): void {
    if (this.#acting !== running) return;
    this.#init.log.note('done', this.#init.realm.name, act.kind);
    this.done.push(act);
    this.#acts.shift();
    this.#again();
  }

  #again(): void {
    this.#acting = undefined;
    this.#next();
  }
}

async function perform({ ledger, directory }: Program, act: Act): Promise<void> {
  switch (act.kind) {
    case 'certify':
      return ledger.certifyRealm(act);
    case 'add-user': {
      const { id, address, name, kind } = act.user;
      // Maybe it was written before the node died without a word.
      if (!directory.findById(id)) await directory.add({ id, login: address.login, name, kind }, []);
      return;
    }
    case 'revoke':
      return revoke(ledger, act.realm);
    case 'trust':
      return trust(ledger, act.realm);
  }
}
