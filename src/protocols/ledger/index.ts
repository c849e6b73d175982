// /canopy/ledger/1: a reader follows a chain of a realm by number.
//
// Frames, positional cborg arrays (frames.ts):
//   reader -> holder   [1, realm, chain, from]        once; chain is "network" or "directory", from is at least 1
//   holder -> reader   [1, "entries", [signed, ...]]  in order, without a gap, from `from` (or from the holder's end, if that comes
//                                                     first); later ones as soon as they are durable
//                      [1, "tip", n]                  that was all; n is the number of the holder's last entry; also sent every 25 s
//                      [1, "refused", code]           then the holder closes
// A reader that has entries asks from its last one on, so that the first entry tells whether both hold the same chain.
//
// Who may ask: nodes of the family. The directory chain is for nodes of the same house only (src/overlay/scope.ts).
// Refusals: `ledger-unknown` (no such chain here), `scope`, `malformed`.
// Limits: 64 entries and 256 KiB a frame, 512 KiB for a frame in all, 256 streams a peer, 1,000,000 entries a chain.
// Deadlines: 10 s for the request, 30 s for each write, 75 s without a frame for the reader.
//
// A reader verifies each entry before it stores it: place, previous hash, time, key, signature (verify.ts). Two signed entries for
// one number are proof of fraud: both are kept and the chain is followed no further.
export const LEDGER_PROTOCOL = '/canopy/ledger/1';

export const MAX_FRAME = 512 * 1024;
export const MAX_BATCH_ENTRIES = 64;
export const MAX_BATCH_BYTES = 256 * 1024;
export const MAX_STREAMS = 256;
export const MAX_CHAIN_LENGTH = 1_000_000;

export const REQUEST_DEADLINE = 10_000;
export const WRITE_DEADLINE = 30_000;
export const TIP_INTERVAL = 25_000;
export const SILENCE_DEADLINE = 75_000;
