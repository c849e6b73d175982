// The frames of /canopy/heads/1.
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { CHAINS, type ChainKind } from '../ledger/entry.ts';
import { MAX_INCARNATION_CERTIFICATE } from '../ledger/incarnation.ts';

export interface NumberedHead {
  readonly incarnation: number;
  readonly n: number;
}

/** What a witness has seen of a realm. */
export interface Seen {
  readonly incarnation: number;
  readonly chains: readonly ({ readonly chain: ChainKind } & NumberedHead)[];
  readonly outbox: NumberedHead;
}

export type Question = 'ask' | 'certify';

const VERSION = 1;

export function encodeQuestion(question: Question): Uint8Array {
  return encodeFields([VERSION, question]);
}

/** @throws InputError `malformed`, `unknown-version`, as all of these */
export function decodeQuestion(bytes: Uint8Array): Question {
  return decodeFields(bytes, 'question about heads', (reader) => {
    reader.version(VERSION);
    return reader.oneOf(['ask', 'certify']);
  });
}

export function encodeSeen({ incarnation, chains, outbox }: Seen): Uint8Array {
  const heads = chains.map((head) => [head.chain, head.incarnation, head.n]);
  return encodeFields([VERSION, 'seen', incarnation, heads, [outbox.incarnation, outbox.n]]);
}

export function decodeSeen(bytes: Uint8Array): Seen {
  return decodeFields(bytes, 'answer about heads', (reader) => {
    reader.version(VERSION);
    reader.oneOf(['seen']);
    const incarnation = reader.number();
    const chains = reader.list(CHAINS.length, (item) => {
      const head = item.nested();
      const read = { chain: head.oneOf(CHAINS), incarnation: head.number(), n: head.number() };
      head.end();
      return read;
    });
    const last = reader.nested();
    const outbox = { incarnation: last.number(), n: last.number() };
    last.end();
    return { incarnation, chains, outbox };
  });
}

export function encodeCertified(certificate: Uint8Array): Uint8Array {
  return encodeFields([VERSION, 'certified', certificate]);
}

export function decodeCertified(bytes: Uint8Array): Uint8Array {
  return decodeFields(bytes, 'certified incarnation', (reader) => {
    reader.version(VERSION);
    reader.oneOf(['certified']);
    return reader.bytes(MAX_INCARNATION_CERTIFICATE);
  });
}
