// /canopy/ledger/1: a reader follows chains of realms at a holder, by number, all of them on one stream.
//
// Frames, positional cborg arrays (frames.ts). The reader opens and asks; more may be asked for at any time:
//   reader -> holder   [1, "follow", [[realm, chain, n, hash of entry n], ...]]   what the reader has; n is 0 when it has nothing
//   holder -> reader   [1, "snapshot", [row, ...], ends]                 only for n = 0: what counts at the holder's latest snapshot,
//                                                                        in parts; before the last part nothing else of any chain
//                      [1, "entries", [signed, ...]]                     in order, without a gap; later ones as soon as they are durable
//                      [1, "tips", [[realm, chain, n, hash], ...]]       that was all of these; n is 0 when the chain is not here. Sent
//                                                                        empty as a sign of life
//                      [1, "refused", code]                              then the holder closes
//   both ways          [1, "heads", [statement, ...]]                    countersignatures of heads (witness.ts)
//                      [1, "fraud", proof]                               two signed entries for one number (fraud.ts)
//
// The holder begins with entry n itself when its own entry n is another one: the reader then has both and can prove it; and where the
// holder's is of a later incarnation, with the first entry of the second one, at which the chain may have parted. A reader whose
// entry differs from the tip of a holder that has less asks once more for that number.
// After a snapshot come the first entry of its incarnation (unless that is 1), the key entry in force and the snapshot's own entry, in
// one frame and each once; then what follows it (snapshot.ts). A reader whose chain has parted from a higher incarnation, or was
// convicted of fraud, asks with n = 0: a snapshot of a higher certified incarnation begins the chain anew.
//
// Who may ask: nodes of the family. The directory chain is for nodes of the same house (src/overlay/scope.ts). The chains of a partner
// of a trust come from the realms above, which follow for their children. Streams are of the class bulk.
// Refusals: `scope`. What is malformed resets the stream.
// Limits: 4,096 chains a stream, 256 in a frame; 64 entries and 256 KiB a batch, 512 KiB for a frame; 4 streams a peer; 1,000,000
// entries and 1 GiB a chain; a snapshot of 64 MiB. Deadlines: 10 s for the first request, 30 s for each write, 120 s without a frame.
//
// A reader verifies each entry before it stores it: place, previous hash, time, key, signature (verify.ts).
export const LEDGER_PROTOCOL = '/canopy/ledger/1';

export const MAX_FRAME = 512 * 1024;
/** What a holder accepts from a reader: a proof of fraud is the longest. */
export const MAX_READER_FRAME = 128 * 1024;
export const MAX_BATCH_ENTRIES = 64;
export const MAX_BATCH_BYTES = 256 * 1024;
export const MAX_FOLLOWED = 4096;
export const MAX_ASKED = 256;
export const MAX_STATEMENTS = 256;
export const MAX_STREAMS = 4;
export const MAX_CHAIN_LENGTH = 1_000_000;
export const MAX_CHAIN_BYTES = 1024 * 1024 * 1024;
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;
export const MAX_ROWS = 512;

export const REQUEST_DEADLINE = 10_000;
export const WRITE_DEADLINE = 30_000;
/**
 * Links notice a black hole by themselves; this finds a holder that hangs. Streams lose nothing, so one sign in each patience is
 * enough; what is left of it is for the way.
 */
export const TIP_INTERVAL = 100_000;
export const SILENCE_DEADLINE = 120_000;
