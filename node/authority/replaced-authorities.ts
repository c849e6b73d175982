// Which authorities on the own line have another key by now, as their network chains say: for the forecast, and for those that are to
// move at once. A chain speaks of its own realm's authority and of no other.

import { parseCertificate } from '../../src/pki/certificate.ts';
import type { Chain } from '../../src/pki/chain.ts';
import { decodeChain } from '../../src/pki/chain.ts';
import { type KeyName, keyName } from '../../src/pki/keys.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { parentOf, type RealmName } from '../../src/realm/names.ts';
import type { Fact, Ledger } from '../ledger/ledger.ts';
import { AUTHORITY_REPLACED, decodeReplaced } from './replaced-entry.ts';

export interface ReplacedAuthoritiesComponents {
  readonly realm: RealmName;
  readonly log: Log;
}

export class ReplacedAuthorities {
  readonly #parts: ReplacedAuthoritiesComponents;
  /** Realm and key to whether what is below moves at once. */
  readonly #replaced = new Map<string, boolean>();
  readonly #listeners = new Set<() => void>();
  #parentChain: () => Uint8Array | undefined = () => undefined;

  constructor(components: ReplacedAuthoritiesComponents) {
    this.#parts = components;
  }

  /** Resolves when what the ledger has on disk is read. */
  async follow(ledger: Pick<Ledger, 'watch' | 'realms' | 'onRealm'>): Promise<void> {
    const parent = parentOf(this.#parts.realm);
    this.#parentChain = () => ledger.realms().find(({ realm }) => realm === parent)?.chain;
    ledger.onRealm(({ realm }) => realm === parent && this.#changed());
    await ledger.watch(AUTHORITY_REPLACED, (fact) => this.#take(fact), 'all');
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  has(realm: RealmName, key: KeyName): boolean {
    return this.#replaced.has(nameOf(realm, key));
  }

  /** Whether a chain of the own authority has a key above it that was replaced. */
  isBehind(chain: Chain): boolean {
    return this.#above(chain).some(({ realm, key }) => this.has(realm, key));
  }

  /** Whether it is to be renewed at once: the parent has the new key in its own chain already, so that it would help. */
  mustMove(chain: Chain): boolean {
    const parent = this.#parentKeys();
    return this.#above(chain).some(({ realm, key }, index) => {
      const atOnce = this.#replaced.get(nameOf(realm, key)) === true;
      return atOnce && (index === 0 || (parent !== undefined && !parent.includes(key)));
    });
  }

  /** Realms and keys above the own one, the parent's first; a region's root has no name of its own and is never replaced. */
  #above(chain: Chain): { readonly realm: RealmName; readonly key: KeyName }[] {
    let realm = parentOf(this.#parts.realm);
    return chain.slice(1, -1).flatMap((der) => {
      if (realm === undefined) return [];
      const found = { realm, key: keyName(parseCertificate(der).spki) };
      realm = parentOf(realm);
      return [found];
    });
  }

  #parentKeys(): KeyName[] | undefined {
    const bytes = this.#parentChain();
    return bytes && decodeChain(bytes).map((der) => keyName(parseCertificate(der).spki));
  }

  #take({ realm, payload }: Fact): void {
    try {
      const { key, atOnce } = decodeReplaced(payload);
      const name = nameOf(realm, key);
      this.#replaced.set(name, atOnce || this.#replaced.get(name) === true);
      this.#changed();
    } catch (error) {
      this.#parts.log.warn({ realm, code: codeOf(error) }, 'entry of a replaced authority not understood');
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function nameOf(realm: RealmName, key: KeyName): string {
  return `${realm} ${key}`;
}
