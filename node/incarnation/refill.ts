// Takes back from a witness what it holds of this node's own chains.
import type { Network } from '../../src/overlay/seam.ts';
import { HolderSession } from '../../src/protocols/ledger/client.ts';
import type { ChainKind } from '../../src/protocols/ledger/entry.ts';
import { FraudError, type FraudProof } from '../../src/protocols/ledger/fraud.ts';
import { Intake } from '../../src/protocols/ledger/intake.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import type { CanopyError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface RefillComponents {
  readonly store: LedgerStore;
  readonly network: Network;
  readonly clock: Clock;
}

const DEADLINE = 120_000;

/**
 * Resolves when the witness has shown the end of the chains that it holds and all before it is on disk.
 * @throws FraudError when it holds other entries for numbers that are used here; PeerError, UnreachableError
 */
export async function refill(
  parts: RefillComponents,
  realm: RealmName,
  chains: readonly ChainKind[],
  witness: RealmName,
  stop: AbortSignal,
): Promise<void> {
  const waiting = new Set<string>(chains);
  await within(parts.clock, DEADLINE, `own chains from ${witness}`, stop, (signal) => {
    return new Promise<void>((resolve, reject) => {
      const done = new AbortController();
      const finish = (chain: string) => {
        waiting.delete(chain);
        if (waiting.size > 0) return;
        done.abort(new Error('Everything is here'));
        resolve();
      };
      const fail = (error: unknown) => {
        done.abort(error);
        reject(error);
      };
      signal.addEventListener('abort', () => fail(signal.reason), { once: true });
      const session = new HolderSession({ ...parts, intake: new Intake(parts.store) }, witness, {
        onOpen: () => undefined,
        onTip: ({ chain }, isEnd) => isEnd && finish(chain),
        onFraud: (proof: FraudProof) => fail(new FraudError(proof)),
        onBad: (_, error: CanopyError) => fail(error),
        onGossip: async () => undefined,
      });
      const own = chains.map((chain) => ({ realm, chain }));
      session
        .ask(own)
        .then(() => session.run(done.signal))
        .then(() => fail(new Error(`${witness} ended the stream`)), fail);
    });
  });
}
