// `/canopy/custody/1`: nodes of a parent and a child hand on what is for others: batches that an origin signed, towards their
// destination, and the acknowledgements of destinations, back towards the origin. Whoever has something to hand on opens a
// stream to the neighbour; nothing but answers comes back on it. Each frame is one strict CBOR array.
//
//   giver   hello       [0, [version, …]]
//   taker   welcome     [1, version]
//   giver   chain       [2, ref, chain]                       before the first item that names it on this stream
//   giver   batch       [3, seq, ref, [[realm, at], …], payload]    any number, without waiting
//   giver   settlement  [4, seq, ref, settled, signature]           likewise
//   taker   taken       [5, seq]                              it is on disk
//   taker   declined    [6, seq, code]                        it is not; the giver keeps it and tries again later
//   taker   refusal     [7, code], then it ends the stream
//
//   payload    = [header, signature, [envelope, …]] of `/canopy/deliver/1`, then the certificate of the incarnation, as in the hello
//                there: the origin writes it once, custodians pass on its bytes
//   [realm, at] = a custodian that held the batch, and since when, in milliseconds since 1970; each adds itself at the end
//   settled    = [1, origin, incarnation, destination, watermark, [[first, last], …], [[n, code], …], at]
//   signature  = Ed25519 by the key of the destination's node over "canopy/custody/1 settled\n" and the bytes of `settled`
//   ref        = the first 16 bytes of SHA-256 over a chain: of the origin's node with a batch, of the destination's with a settlement
//
// The next hop follows from names: up to the common ancestor of origin and destination, then down. A node takes a batch only
// from the neighbour on the side of the origin and hands it only to the one on the side of the destination, so that nothing
// can run in a circle; a settlement goes exactly the other way round. A custodian checks signature, digest and each body's hash
// before it writes; it keeps a batch until a settlement covers it, or its time is over.
//
// Declined by name: `out-of-way`, `origin-full`, `destination-full`, `custody-full` (quotas), `expired`, `frozen` (the
// destination is revoked), `realm-unknown` (the destination is below the taker and nobody has certified it), `cert-…`, `signature-bad`, `digest-wrong`, `body-altered`, `origin-foreign`, `chain-unknown`,
// `incarnation-uncertified`, `incarnation-ahead` (the second at the destination; both as in `/canopy/deliver/1`), `busy` (the taker's disk). Refusals: `version-unknown`, `out-of-way` (neither parent nor child), `frame-malformed`,
// `frame-too-long`.
export const CUSTODY_PROTOCOL = '/canopy/custody/1';
/** The highest first: the taker chooses the highest that both speak. */
export const CUSTODY_VERSIONS: readonly number[] = [1];

/** Bytes of a frame: the largest payload and its surroundings. */
export const MAX_CUSTODY_FRAME = 520 * 1024;
export const MAX_PAYLOAD = 512 * 1024;
/** Realms in a trail; a way along the tree has fewer. */
export const MAX_TRAIL = 16;
/** Bytes of batches sent and not answered on one stream. */
export const MAX_CUSTODY_IN_FLIGHT = 2 * 1024 * 1024;
/** Chains that one stream may announce and a taker remembers of it. */
export const MAX_CHAINS = 256;
/** Numbers set aside that one settlement names, the newest ones. */
export const MAX_SETTLED_ASIDE = 256;
/** Bytes of `settled`. */
export const MAX_SETTLED = 32 * 1024;
export const REF = 16;

/** Milliseconds for hello and welcome. */
export const CUSTODY_HELLO_DEADLINE = 10_000;
/** Milliseconds within which something handed on must be answered; then the stream counts as dead. */
export const TAKEN_DEADLINE = 15_000;
/** Milliseconds without anything to hand on after which the giver ends a stream. */
export const IDLE_CUSTODY = 60_000;
/** Milliseconds that a batch stays in custody at most. */
export const MAX_HELD = 30 * 24 * 60 * 60 * 1000;
