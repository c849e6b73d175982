// Steps of a vault's line (head.ts) as one piece of bytes, as they travel and as a server and a device keep them.
//
//   row  line before the step | step
import { concat } from 'uint8arrays/concat';
import { PeerError } from '../../realm/errors.ts';
import { lineAfter, STEP_BYTES, type VaultLine } from './head.ts';

const LINE_ROW = 2 * STEP_BYTES;

export const joined = (steps: readonly Uint8Array[]): Uint8Array => concat([...steps], STEP_BYTES * steps.length);

/** @throws PeerError `frame-malformed` */
export function splitSteps(bytes: Uint8Array): Uint8Array[] {
  return split(bytes, STEP_BYTES);
}

/** @throws PeerError `frame-malformed` */
export function splitRows(bytes: Uint8Array): Uint8Array[] {
  return split(bytes, LINE_ROW);
}

/** One row a step. */
export function rowsOf({ line, steps }: VaultLine): Uint8Array[] {
  let before = line;
  return steps.map((step) => {
    const row = concat([before, step], LINE_ROW);
    before = lineAfter(before, [step]);
    return row;
  });
}

/** @throws PeerError `frame-malformed` */
export function lineOfRows(rows: readonly Uint8Array[]): VaultLine {
  if (rows.some(({ length }) => length !== LINE_ROW)) throw malformed(LINE_ROW);
  return {
    line: rows[0]?.slice(0, STEP_BYTES) ?? new Uint8Array(),
    steps: rows.map((row) => row.slice(STEP_BYTES)),
  };
}

function split(bytes: Uint8Array, size: number): Uint8Array[] {
  if (bytes.length % size !== 0) throw malformed(size);
  return Array.from({ length: bytes.length / size }, (_, at) => bytes.slice(at * size, (at + 1) * size));
}

function malformed(size: number): PeerError {
  return new PeerError('frame-malformed', `a line of the vault: expected pieces of ${size} bytes`);
}
