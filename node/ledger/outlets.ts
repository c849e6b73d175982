// The streams on which heads and proofs can be handed on: those of our readers, and our own at the holders of chains.
import type { HolderSession } from '../../src/protocols/ledger/client.ts';
import type { ServedReader } from '../../src/protocols/ledger/served-reader.ts';
import type { Outlet } from './notary.ts';

export function outletToReader(reader: ServedReader): Outlet {
  return {
    realm: reader.peer.realm,
    follows: (id) => reader.follows(id),
    send: (frame) => reader.send(frame),
  };
}

export function outletToHolder(session: HolderSession): Outlet {
  return {
    realm: session.holder,
    follows: (id) => session.follows(id),
    send: (frame) => session.send(frame),
  };
}
