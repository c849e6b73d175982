// The pairing line of a split branch: what the DMZ host tells the LAN host. It carries the join token and how the LAN host
// reaches the relay that has joined already. Line: `canopypair1.<payload>.<checksum>`; payload (CBOR): [token line, [multiaddr, …]].
import { encodeLine, parseLine } from '../../src/pki/pasteable.ts';
import { type JoinToken, parseToken } from '../../src/pki/token.ts';
import { readCbor, writeCbor } from '../../src/realm/cbor.ts';
import { InputError } from '../../src/realm/errors.ts';

const PREFIX = 'canopypair1';
const MAX_RELAYS = 8;

export interface Pairing {
  readonly token: JoinToken;
  /** Multiaddrs of the branch's own relay, each with its peer id. */
  readonly relays: readonly string[];
}

export function isPairing(line: string): boolean {
  return line.trimStart().startsWith('canopypair');
}

export function encodePairing(tokenLine: string, relays: readonly string[]): string {
  return encodeLine(PREFIX, writeCbor([tokenLine, relays.slice(0, MAX_RELAYS)]));
}

/** @throws InputError `token-…` */
export function parsePairing(line: string): Pairing {
  const value = readPayload(parseLine(PREFIX, line, 'pairing line'));
  const [token, relays] = Array.isArray(value) && value.length === 2 ? value : [];
  if (typeof token !== 'string' || !isTextList(relays)) {
    throw unreadable();
  }
  return { token: parseToken(token), relays };
}

function readPayload(bytes: Uint8Array): unknown {
  try {
    return readCbor(bytes);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause?: unknown): InputError {
  return new InputError('token-malformed', 'the pairing line is whole, but what it says cannot be read', { cause });
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_RELAYS && value.every((part) => typeof part === 'string');
}
