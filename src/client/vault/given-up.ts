// What a person gives up when they take the older state that a server shows: the newer states that this device knows of. The next head
// names their lines among the steps (src/crypto/vault/head.ts), so every device that has seen one of them goes on from it too.
import { equals } from 'uint8arrays/equals';
import { readHead, type VaultHead } from '../../crypto/vault/head.ts';
import { rowsOf } from '../../crypto/vault/line.ts';
import { MAX_VAULT_STEPS } from '../../protocols/lan/account-routes.ts';
import { PeerError, RefusedError } from '../../realm/errors.ts';
import { lineTo } from './shown-line.ts';
import type { VaultServer, VaultState } from './vault-server.ts';

const UNUSED = new Uint8Array(32);

/**
 * The steps between the state that is shown and the head that gives `known` up.
 * @param lines of the states before `known` that this device has kept, the oldest first
 * @throws RefusedError `vault-too-old` when they are more than one change can name
 */
export async function stepsGivingUp(
  server: Pick<VaultServer, 'line'>,
  known: VaultHead,
  { head: bytes }: VaultState,
  lines: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const shown = readHead(bytes);
  const theirs = await linesOf(server, shown);
  const lost = [...lines.filter((line) => !equals(line, known.line)), known.line].filter(
    (line) => !theirs.some((one) => equals(one, line)),
  );
  // No counter stands for two states: the next is above that of the state that is given up.
  const unused = Math.max(0, known.counter - shown.counter - lost.length);
  if (unused >= MAX_VAULT_STEPS) throw new RefusedError('vault-too-old', 'the server has lost too many changes');
  const room = MAX_VAULT_STEPS - unused;
  return [...Array.from({ length: unused }, () => UNUSED), ...lost.slice(-room)];
}

/** Of the last states that the server has; it need not show them for this. */
async function linesOf(server: Pick<VaultServer, 'line'>, shown: VaultHead): Promise<Uint8Array[]> {
  try {
    const part = await lineTo(server, Math.max(0, shown.counter - MAX_VAULT_STEPS), shown);
    return [...rowsOf(part).map((row) => row.subarray(0, shown.line.length)), shown.line];
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return [shown.line];
  }
}
