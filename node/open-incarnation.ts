// What lets this node number things: its mark, its witnesses, its incarnation.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { mayReach } from '../src/overlay/scope.ts';
import { CHAINS } from '../src/protocols/ledger/entry.ts';
import { parentOf } from '../src/realm/names.ts';
import { InboundStore } from './delivery/inbound-store.ts';
import { outboxEnds } from './delivery/outbox.ts';
import type { Ground } from './ground.ts';
import { renewMark } from './incarnation/boot-mark.ts';
import { IncarnationGuard } from './incarnation/guard.ts';
import { WitnessBook } from './incarnation/witness-book.ts';
import type { LedgerService } from './ledger/ledger-service.ts';
import { leafSigner } from './ledger/overlay-keys.ts';

export interface IncarnationNeeds {
  readonly network: NodeOverlay;
  readonly ledger: LedgerService;
  readonly reopen: () => void;
}

export async function openIncarnationGuard(ground: Ground, needs: IncarnationNeeds): Promise<IncarnationGuard> {
  const { database, directory, identity, clock, log, audit, permit, incarnation, verdict } = ground;
  const { realm } = ground.realm;
  const { network, ledger, reopen } = needs;
  const { store } = ledger;
  const inbound = new InboundStore(database);
  const book = new WitnessBook(realm, {
    database,
    store,
    proofs: ledger.proofs,
    inbound: (origin) => inbound.ends(origin),
    clock,
    signer: () => leafSigner(identity.privateKey, identity.chain),
    audit,
  });
  const guard = new IncarnationGuard(
    {
      database,
      store,
      network,
      clock,
      log,
      audit,
      permit,
      book,
      reopen,
      followers: () =>
        ledger
          .realms()
          .map((known) => known.realm)
          .filter((other) => other !== parentOf(realm) && mayReach(identity, other)),
      outboxEnd: async (destination) => (await outboxEnds(database)).get(destination) ?? { incarnation, n: 0 },
      isConvicted: async () => {
        const proven = CHAINS.map((chain) => ledger.proofs.against({ realm, chain }, incarnation));
        return (await Promise.all(proven)).some((proof) => proof !== undefined);
      },
      renewMark: () => renewMark(directory.node.mark, database),
    },
    { realm, parent: parentOf(realm), incarnation, verdict },
  );
  network.onTwin(({ we }) => we !== 'other' && guard.onTwin(we));
  network.onRelay(({ connected }) => connected && guard.onAdmitted());
  return guard;
}
