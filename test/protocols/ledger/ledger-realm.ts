// A realm's ledger parts for tests: real certificates, a store on a forgetful disk or any other engine.
import { checkByRoot, leafSigner } from '../../../node/ledger/overlay-keys.ts';
import type { ChainId } from '../../../src/protocols/ledger/entry.ts';
import type { CheckChain, LedgerSigner } from '../../../src/protocols/ledger/leaf-key.ts';
import { LedgerStore } from '../../../src/protocols/ledger/ledger-store.ts';
import { OwnChain } from '../../../src/protocols/ledger/own-chain.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { createDatabase, type Database } from '../../../src/store/database.ts';
import type { Engine } from '../../../src/store/engine.ts';
import { Realms } from '../../overlay/realms.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** One overlay for all tests of the process. */
export const overlay = new Realms('ua', ['odesa.ua', 'sumy.ua']);
export const kyiv = parseRealmName('kyiv.acme.ua');
export const lviv = parseRealmName('lviv.acme.ua');
export const acme = parseRealmName('acme.ua');
export const ua = parseRealmName('ua');
/** Branches right below the region. */
export const odesa = parseRealmName('odesa.ua');
export const sumy = parseRealmName('sumy.ua');

export async function checkChain(): Promise<CheckChain> {
  return checkByRoot({ rootFingerprint: await overlay.rootFingerprint() });
}

export async function signerOf(
  realm: RealmName,
  options: { lifetime?: number; now?: number } = {},
): Promise<LedgerSigner> {
  const { privateKey, chain } = await overlay.identity(realm, 'node', options);
  return leafSigner(privateKey, chain);
}

export interface Author {
  readonly database: Database;
  readonly store: LedgerStore;
  readonly chain: OwnChain;
  /** Replaces the leaf, as a renewal does. */
  renew(signer: LedgerSigner): void;
}

export interface AuthorOptions {
  readonly engine?: Engine;
  readonly signer?: LedgerSigner;
  readonly incarnation?: number;
  readonly certificate?: Uint8Array;
  readonly now?: () => number;
}

export async function authorOf(id: ChainId, options: AuthorOptions = {}): Promise<Author> {
  const database = await createDatabase(options.engine ?? new ForgetfulDisk().openEngine());
  const store = new LedgerStore({ database, checkChain: await checkChain() });
  let signer = options.signer ?? (await signerOf(id.realm));
  const chain = new OwnChain(id, {
    store,
    clock: { now: options.now ?? Date.now },
    incarnation: options.incarnation ?? 1,
    certificate: options.certificate,
    signer: () => signer,
  });
  return {
    database,
    store,
    chain,
    renew: (next) => {
      signer = next;
    },
  };
}

export async function readerStore(engine: Engine = new ForgetfulDisk().openEngine()): Promise<LedgerStore> {
  return new LedgerStore({ database: await createDatabase(engine), checkChain: await checkChain() });
}

/** Resolves once `ready` holds; the test's own time limit ends a wait in vain. */
export async function eventually(ready: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 5));
}
