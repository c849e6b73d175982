// Finding a colleague by username while it is typed: `clerk` of the own branch, or `clerk@kyiv.acme.ua`.
import { type Signal, signal } from '@preact/signals';
import type { Client, User } from '../../../src/client/client.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import { isRealmName } from '../../../src/realm/names.ts';
import { type Failure, failureOf } from './failure-text.ts';

/** Milliseconds without a key before the server is asked. */
const PAUSE = 250;
const LOGIN = /^[a-z0-9._-]{1,64}$/;

export type Finding =
  | { readonly kind: 'idle' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'none'; readonly address: string; readonly login: string }
  | { readonly kind: 'self' }
  | { readonly kind: 'found'; readonly user: User }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface FinderComponents {
  readonly client: Pick<Client, 'findUser'>;
  readonly clock: Clock;
  readonly me: User;
  readonly realm: string;
}

export class ColleagueFinder {
  readonly finding: Signal<Finding> = signal({ kind: 'idle' });
  readonly #components: FinderComponents;
  #pause: Timer | undefined;
  #asking: AbortController | undefined;

  constructor(components: FinderComponents) {
    this.#components = components;
  }

  /** Each key: the last answer no longer counts. */
  type(text: string): void {
    this.#pause?.cancel();
    this.#asking?.abort();
    const name = text.trim().toLowerCase();
    if (name === '') this.finding.value = { kind: 'idle' };
    else if (!isPlausible(name)) this.finding.value = { kind: 'malformed' };
    else {
      this.finding.value = { kind: 'looking' };
      this.#pause = this.#components.clock.after(PAUSE, () => void this.#look(name));
    }
  }

  stop(): void {
    this.#pause?.cancel();
    this.#asking?.abort();
  }

  async #look(name: string): Promise<void> {
    const { client, me, realm } = this.#components;
    const asking = new AbortController();
    this.#asking = asking;
    const address = name.includes('@') ? name : `${name}@${realm}`;
    const finding = await client.findUser(address, asking.signal).then(
      (user): Finding => describe(user, me, address),
      (error: unknown): Finding => ({ kind: 'failed', failure: failureOf(error) }),
    );
    if (!asking.signal.aborted) this.finding.value = finding;
  }
}

function describe(user: User | undefined, me: User, address: string): Finding {
  if (!user) return { kind: 'none', address, login: address.slice(0, address.indexOf('@')) };
  return user.id === me.id ? { kind: 'self' } : { kind: 'found', user };
}

/** The branch may still be half typed. */
function isPlausible(name: string): boolean {
  const [login = '', realm, ...more] = name.split('@');
  if (!LOGIN.test(login) || more.length > 0) return false;
  return realm === undefined || realm === '' || isRealmName(realm.replace(/[.-]$/, ''));
}
