// What the operator may see and do of the ledger over the control socket; node/admin/ledger-api.ts has the routes.
import { type ChainId, chainName, decodeSigned } from '../../src/protocols/ledger/entry.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { formatUserAddress, parseLogin } from '../../src/realm/user-address.ts';
import { type EntryRow, LEDGER_REQUESTS, type TailRequest } from '../admin/ledger-api.ts';
import { type PartRoutes, partRoute } from '../admin/server.ts';
import type { Accounts } from '../directory/accounts.ts';
import type { IncarnationGuard } from '../incarnation/guard.ts';
import type { LedgerService } from './ledger-service.ts';
import { verifyLedger } from './verification.ts';

export interface LedgerOperatorComponents {
  readonly realm: RealmName;
  readonly ledger: LedgerService;
  readonly guard: IncarnationGuard;
  readonly accounts: Pick<Accounts, 'remove'>;
}

const MAX_BYTES = 1024 * 1024;

export function ledgerRoutes({ realm, ledger, guard, accounts }: LedgerOperatorComponents): PartRoutes {
  return {
    'GET /v1/ledger': async () => ({ realm, chains: await verifyLedger(ledger) }),
    'POST /v1/ledger/tail': partRoute(LEDGER_REQUESTS.tail, async (asked) => ({ entries: await tail(ledger, asked) })),
    'GET /v1/incarnation': async () => guard.state(),
    'POST /v1/incarnation/confirm': partRoute(LEDGER_REQUESTS.empty, async () => {
      await guard.confirm();
      return guard.state();
    }),
    'POST /v1/users/remove': partRoute(LEDGER_REQUESTS.removeUser, async ({ user }) => ({
      address: formatUserAddress((await accounts.remove(parseLogin(user), 'operator')).address),
    })),
  };
}

/** The newest of each chain, or what came after the numbers that are given. */
async function tail({ store }: LedgerService, { realm, chain, after, limit }: TailRequest): Promise<EntryRow[]> {
  const rows: EntryRow[] = [];
  for (const id of await store.chains()) {
    if ((realm && id.realm !== realm) || (chain && id.chain !== chain)) continue;
    const { n } = await store.head(id);
    const from = after ? (after[chainName(id)] ?? 0) + 1 : Math.max(1, n - limit + 1);
    for (const bytes of await store.read(id, from, limit, MAX_BYTES)) rows.push(rowOf(id, bytes));
  }
  rows.sort((a, b) => a.time - b.time);
  return after ? rows.slice(0, limit) : rows.slice(-limit);
}

function rowOf({ realm, chain }: ChainId, bytes: Uint8Array): EntryRow {
  const { entry, hash } = decodeSigned(bytes);
  const { n, incarnation, time, kind } = entry;
  return { realm, chain, n, incarnation, time, kind, bytes: bytes.length, hash: Buffer.from(hash).toString('hex') };
}
