// The line of heads as a server shows it (src/crypto/vault/head.ts), and what it proves.
import { equals } from 'uint8arrays/equals';
import { assertOnLine, lineAfter, stepOf, type VaultHead, type VaultLine } from '../../crypto/vault/head.ts';
import { PeerError } from '../../realm/errors.ts';
import type { VaultServer } from './vault-server.ts';

/**
 * What is shown must come from what is known.
 * @throws PeerError `vault-forked`, also when the server does not show how the one came from the other
 */
export async function assertFollows(
  server: Pick<VaultServer, 'line'>,
  known: VaultHead,
  shown: VaultHead,
  signal?: AbortSignal,
): Promise<void> {
  if (known.counter >= shown.counter) return;
  const next = [stepOf(shown)];
  if (known.counter + 1 === shown.counter && equals(lineAfter(known.line, next), shown.line)) return;
  assertOnLine(known, shown, await lineTo(server, known.counter - 1, shown, signal));
}

/**
 * The steps of all changes after a counter, up to that of a head.
 * @throws PeerError `vault-forked` when they do not lead to it
 */
export async function lineTo(
  server: Pick<VaultServer, 'line'>,
  after: number,
  { counter, line }: VaultHead,
  signal?: AbortSignal,
): Promise<VaultLine> {
  const steps: Uint8Array[] = [];
  let start: Uint8Array | undefined;
  while (after + steps.length < counter) {
    const page = await server.line(after + steps.length, signal);
    if (page.steps.length === 0) break;
    start ??= page.line;
    for (const step of page.steps.slice(0, counter - after - steps.length)) steps.push(step);
  }
  if (!start || after + steps.length !== counter || !equals(lineAfter(start, steps), line)) {
    throw new PeerError('vault-forked', `the server does not show how state ${counter} of the vault came to be`);
  }
  return { line: start, steps };
}
