// Realms whose trusts are tested: real certificates, errands and stores over the simulated network; the ledger is a FAKE that
// shows every entry to the realms that would hold its chain (ancestors, and partners while a trust is in force) at once, or not at
// all while they are down.
import type { AuditEvent } from '../../../node/audit/audit.ts';
import { CRL_ENTRY } from '../../../node/charter.ts';
import type { Fact, Ledger } from '../../../node/ledger/ledger.ts';
import { TrustBook } from '../../../node/trusts/trust-book.ts';
import { TrustService } from '../../../node/trusts/trust-service.ts';
import { TrustStore } from '../../../node/trusts/trust-store.ts';
import { TrustTable } from '../../../node/trusts/trust-table.ts';
import type { TrustWish } from '../../../node/trusts/trusts.ts';
import type { KeyName } from '../../../src/pki/keys.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { isWithin, type RealmName } from '../../../src/realm/names.ts';
import { createDatabase, type Database } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { ErrandTree, type TreeNode } from '../errands/errand-tree.ts';

const DAY = 24 * 60 * 60 * 1000;

export interface TrustRealm extends TreeNode {
  readonly trusts: TrustService;
  readonly table: TrustTable;
  readonly events: AuditEvent[];
  readonly database: Database;
  stop(): Promise<void>;
}

type Listener = (fact: Fact) => void;

export class TrustWorld {
  readonly tree = new ErrandTree();
  readonly entries: Fact[] = [];
  readonly #watchers: { readonly realm: RealmName; readonly kind: string; readonly listener: Listener }[] = [];
  revoked = (_serial: string, _issuer: KeyName): boolean => false;

  async open(realm: RealmName, before?: TrustRealm): Promise<TrustRealm> {
    const database = before?.database ?? (await createDatabase(new ForgetfulDisk().openEngine()));
    const node = await this.tree.open(realm, before?.identity);
    const { clock } = this.tree;
    const rootFingerprint = await this.tree.realms.rootFingerprint();
    const isRevoked = (serial: string, issuer: KeyName): boolean => this.revoked(serial, issuer);
    const table = new TrustTable(realm, { rootFingerprint, isRevoked, clock, log: silentLog });
    const ledger = this.#ledgerOf(realm);
    await table.follow(ledger, CRL_ENTRY);
    const events: AuditEvent[] = [];
    const audit = { record: async (event: AuditEvent) => void events.push(event) };
    const trust = { rootFingerprint, isRevoked };
    const book = new TrustBook(node.identity, { table, store: new TrustStore(database), ledger, audit, clock, trust });
    const trusts = new TrustService({
      book,
      network: node.node,
      ledger,
      errands: node.errands,
      signer: this.tree.signerOf(node.identity),
      clock,
      log: silentLog,
      newId: () => crypto.getRandomValues(new Uint8Array(16)),
    });
    node.errands.start();
    trusts.start();
    return { ...node, trusts, table, events, database, stop: () => trusts.stop() };
  }

  /** As if the author had written it. */
  write(realm: RealmName, kind: string, payload: Uint8Array): void {
    const time = this.tree.clock.now();
    const fact: Fact = { realm, chain: 'network', n: this.entries.length + 1, time, kind, payload };
    this.entries.push(fact);
    for (const { realm: holder, kind: wanted, listener } of this.#watchers) {
      if (wanted === kind && this.#holds(holder, realm)) listener(fact);
    }
  }

  #holds(holder: RealmName, author: RealmName): boolean {
    return isWithin(author, holder);
  }

  #ledgerOf(realm: RealmName): Pick<Ledger, 'append' | 'watch' | 'realms' | 'followPartners'> {
    return {
      append: async ({ kind, payload }) => this.write(realm, kind, payload),
      watch: async (kind, listener) => {
        for (const fact of this.entries) if (fact.kind === kind && this.#holds(realm, fact.realm)) listener(fact);
        this.#watchers.push({ realm, kind, listener });
        return () => {};
      },
      realms: () => [],
      followPartners: () => {},
    };
  }

  wish(realm: RealmName, change: Partial<TrustWish> = {}): TrustWish {
    const until = this.tree.clock.now() + 30 * DAY;
    return { realm, direction: 'both', until, ours: [], theirs: [], presence: false, ...change };
  }
}
