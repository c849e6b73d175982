// Pipes: for the class bulk, a TCP connection of its own for each forwarded connection. Relays join its sections socket to
// socket, with no cryptography and no framing of theirs: what flows is the inner connection, which only the two nodes can read.
//
//   node A ──► relay A ──► carrier ◄── relay B ◄── node B        each arrow a TCP connection, dialled in its direction
//   node A ──► relay A ─────────────► relay B ◄── node B        (or the other way round between the relays)
//
// A section is dialled only along a connection that is already admitted: by the side that had dialled that one, to the same
// address and port. It begins with MAGIC and a ticket of 32 random bytes that the dialled side gave away over the admitted
// connection, good once and for TICKET_TTL. The first byte, 0, can't begin a connection of libp2p, which shares the port;
// a ticket that is not known closes the socket without a word.
//
// Who needs a ticket and who gives one travels in the header and the reply of `/canopy/forward/1`, as its last field:
//
//   ['ask']                    the sender of the header will dial; the reply brings ['dial', ticket, null]
//   ['dial', ticket, at]       the other side is to dial: `at` a carrier by its peer id, null: whoever sent this
//   ['joined']                 (reply) has been dialled
//   null                       no pipe; the bytes take the stream itself
//
// `/canopy/pipe/1`: a relay asks the carrier of a relayed link for a pair of tickets, one for itself and one for the other.
//
//   relay -> carrier   [peer id]           of the other relay, which must be connected and one that it may reach
//   carrier -> relay   [own, other] | []   tickets; none: refused
//
// That stream, and those of `/canopy/forward/1`, stay open as long as the pipe: when any of them ends, so does the pipe, so
// that a revocation or a lost relay cuts it at once. Where a section can't be had (a punched hole has no port to dial again,
// WebRTC is no TCP), there is no pipe.
//
// Limits: MAX_TICKETS waiting and MAX_TICKETS_OF_PEER for one peer; pipes are bounded by the quotas of forwarded streams,
// those of a carrier by MAX_CARRIED_OF_REALM and by what it has to share (../shares). A relay holds one chunk of 64 KiB for each direction.
import * as v from 'valibot';
import { writeCbor } from '../../realm/cbor.ts';
import { decodeFrame, peerIdField } from '../wire.ts';

export const PIPE_PROTOCOL = '/canopy/pipe/1';
export const MAGIC = new TextEncoder().encode('\0canopy-pipe/1\n\n');
export const TICKET_BYTES = 32;
export const MAX_PIPE_FRAME = 256;
/** Milliseconds. */
export const TICKET_TTL = 10_000;
export const MAX_TICKETS = 1_024;
export const MAX_TICKETS_OF_PEER = 64;
/** For a section to be dialled; then the stream itself is used. */
export const DIAL_DEADLINE = 1_500;
/**
 * Who says `joined` has dialled before: his connection is here as soon as his word, but for what TCP makes of a lost packet. So long
 * at most, and of a short way no longer than a few of its round trips.
 */
export const JOINED = { fixed: 500, roundTrips: 3, most: DIAL_DEADLINE } as const;
export const MAX_CARRIED_OF_REALM = 128;

/** Code of the error when a section that was agreed on can't be had. */
export const PIPE_FAILED = 'pipe-failed';

export type Ticket = Uint8Array;

export type PipeWord =
  | { readonly kind: 'ask' }
  | { readonly kind: 'dial'; readonly ticket: Ticket; readonly at?: string }
  | { readonly kind: 'joined' };

const ticketField = v.custom<Ticket>(
  (value) => value instanceof Uint8Array && value.length === TICKET_BYTES,
  'a ticket',
);

/** The last field of a header and of a reply. */
export const pipeField = v.nullable(
  v.union([
    v.strictTuple([v.literal('ask')]),
    v.strictTuple([v.literal('dial'), ticketField, v.nullable(peerIdField)]),
    v.strictTuple([v.literal('joined')]),
  ]),
);

export function packWord(word: PipeWord | undefined): v.InferOutput<typeof pipeField> {
  if (!word) return null;
  return word.kind === 'dial' ? ['dial', word.ticket, word.at ?? null] : [word.kind];
}

export function unpackWord(packed: v.InferOutput<typeof pipeField>): PipeWord | undefined {
  if (!packed) return undefined;
  if (packed[0] !== 'dial') return { kind: packed[0] };
  const [kind, ticket, at] = packed;
  return { kind, ticket, ...(at === null ? {} : { at }) };
}

const ask = v.strictTuple([peerIdField]);
const answer = v.union([v.strictTuple([ticketField, ticketField]), v.strictTuple([])]);

export function encodeAsk(peerId: string): Uint8Array {
  return writeCbor([peerId]);
}

/** @throws PeerError `bad-frame` */
export function decodeAsk(bytes: Uint8Array): string {
  return decodeFrame(ask, bytes, 'request for a pipe')[0];
}

export interface TicketPair {
  readonly own: Ticket;
  readonly other: Ticket;
}

export function encodeAnswer(pair: TicketPair | undefined): Uint8Array {
  return writeCbor(pair ? [pair.own, pair.other] : []);
}

/** @throws PeerError `bad-frame` */
export function decodeAnswer(bytes: Uint8Array): TicketPair | undefined {
  const [own, other] = decodeFrame(answer, bytes, 'pair of tickets');
  return own && other ? { own, other } : undefined;
}
