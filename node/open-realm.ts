// A realm among others: its place in the overlay, its ledger, its authority.
import { createNodeOverlay, type NodeOverlay } from '../src/overlay/node-overlay.ts';
import { PathMemory } from '../src/pki/chain.ts';
import { messageOf, UnreachableError } from '../src/realm/errors.ts';
import { parentOf } from '../src/realm/names.ts';
import type { Authority } from './authority/authority.ts';
import type { IssuedStore } from './authority/issued-store.ts';
import type { Ground } from './ground.ts';
import { type LedgerService, openLedger } from './ledger/ledger-service.ts';
import { checkByRoot, leafSigner } from './ledger/overlay-keys.ts';
import { openAuthority } from './open-authority.ts';

export interface OpenedRealm {
  readonly network: NodeOverlay;
  readonly ledger: LedgerService;
  readonly authority: Authority;
  readonly issued: IssuedStore;
}

/** @param relays multiaddrs of the own relay */
export async function openRealm(ground: Ground, relays: readonly string[]): Promise<OpenedRealm> {
  // The authority tells the ledger what it certified, the ledger needs the network, and the network brings the authority requests.
  const late: { authority?: Authority } = {};
  const present = (): Authority => {
    if (!late.authority) throw new UnreachableError('starting', 'the node is starting');
    return late.authority;
  };
  const network = await openOverlay(ground, relays, present);
  const ledger = await openRealmLedger(ground, network);
  await ground.charter.follow(ledger);
  const { authority, issued } = await openAuthority(ground, { ledger });
  late.authority = authority;
  return { network, ledger, authority, issued };
}

function openOverlay(
  { identity, clock, log, audit, charter }: Ground,
  relays: readonly string[],
  authority: () => Authority,
): Promise<NodeOverlay> {
  return createNodeOverlay({
    identity,
    relays,
    enrol: async (request) => authority().answer(request),
    renew: async (request) => authority().renew(request),
    charter,
    charterSource: charter,
    clock,
    log,
    audit: ({ code, ...fields }) => {
      audit.record({ code, fields: { ...fields } }).catch((error: unknown) => {
        log.error({ code, error: messageOf(error) }, 'audit record not written');
      });
    },
  });
}

function openRealmLedger(ground: Ground, network: NodeOverlay): Promise<LedgerService> {
  const {
    realm: file,
    database,
    clock,
    log,
    audit,
    identity,
    incarnation,
    certificate,
    house,
    charter,
    permit,
  } = ground;
  const { realm, rootFingerprint } = file;
  return openLedger(
    {
      database,
      network,
      clock,
      log,
      audit,
      permit,
      random: Math.random,
      checkChain: checkByRoot({ rootFingerprint, memory: new PathMemory() }, charter),
      signer: () => leafSigner(identity.privateKey, identity.chain),
    },
    { realm, parent: parentOf(realm), house, incarnation, certificate },
  );
}
