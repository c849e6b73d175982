// Location by ancestors: `/canopy/locate/1`. A relay tells each relay above it where its realm is, and asks the relay of a
// common ancestor where another realm is: one hop.
//
// One request and one reply a stream, each a CBOR array behind a length of four bytes; the asker then ends the stream.
//
//   -> [1, "announce", record]          record.ts; the peer must be a relay of the record's realm, below ours
//   <- [1, "noted", host, [stun, ...]]  the address that we see the peer at, our STUN servers ("HOST:PORT", ":PORT" where
//                                       HOST is the one that the peer reaches us at)
//   -> [1, "find", realm]               a realm below ours, or ours
//   <- [1, "found", [record, ...], [[peer id, host], ...]]   with the addresses at which we see these relays
//   <- [1, "refused", code]             not-yours, not-below, location-full, record-…, cert-…, too-often, malformed
//
// Limits: a request 24 KiB and a little, a reply 4 records, 5 s, 40 requests a second for each realm, and of 500 in all a fair
// share (../../shares). Nobody but admitted
// relays is heard; what is held is in memory and expires (record-store.ts).
import { MAX_RECORD, MAX_RELAYS } from '../record.ts';

export const LOCATE_PROTOCOL = '/canopy/locate/1';
export const LOCATE_TIMEOUT = 5_000;
export const MAX_REQUEST = MAX_RECORD + 512;
export const MAX_REPLY = MAX_RELAYS * MAX_RECORD + 4096;
