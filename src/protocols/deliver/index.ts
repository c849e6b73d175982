// `/canopy/deliver/1`: one realm's node hands envelopes to another's, in batches, and keeps them until the other has them on
// disk. The origin opens; one stream a destination, kept open. Each frame is one strict CBOR array.
//
//   origin       hello    [0, [version, …], origin, incarnation, destination, chain of the origin's node, certificate]
//   destination  welcome  [1, version, [[incarnation, watermark, [[first, last], …]], …]]
//   origin       batch    [2, header, signature, [envelope, …]]                          any number, without waiting
//   destination  ack      [3, incarnation, watermark, [[first, last], …], [[n, code], …]]  when that much is on disk
//   destination  refusal  [4, code], then it ends the stream; what is malformed it resets
//
//   header     = [1, origin, incarnation, first, last, destination, expiry, [n - first, …], digest]
//   certificate = of that incarnation or a later one, by the realm above (../ledger/incarnation.ts); empty in the first
//   digest     = SHA-256 over the digests of the envelopes, one after the other
//   signature  = Ed25519 by the key of the origin's node over "canopy/deliver/1\n" and the header's bytes
//
// A batch covers every number from first to last; numbers it has no envelope for are skipped for good (expired, or never
// written). A watermark says that all up to it is settled; the ranges are settled numbers above it. A settled envelope that
// could not be processed was set aside: the ack names its number and why. The destination drops what it has already.
//
// Refusals: `version-unknown`, `origin-foreign` (the origin is not the peer's realm), `destination-foreign`,
// `stale-incarnation` (a cloned or restored origin), `incarnation-uncertified` (above the first and nobody has certified it),
// `incarnation-ahead` (by more than 1,000), `signature-bad`, `digest-wrong`,
// `cert-…`, `frame-malformed`, `frame-too-long`, `too-far-ahead`, `busy` (the destination's own disk).
export const DELIVER_PROTOCOL = '/canopy/deliver/1';
/** Of a batch's header. */
export const DELIVER_VERSION = 1;
/** Of the stream, the highest first: the destination chooses the highest that both speak. */
export const DELIVER_VERSIONS: readonly number[] = [1];

/** A batch is closed at the first envelope that reaches one of these. */
export const MAX_BATCH_ENVELOPES = 512;
export const BATCH_BYTES = 256 * 1024;
/** Bytes of a frame: the fullest batch and its last, largest envelope. */
export const MAX_DELIVER_FRAME = 512 * 1024;
/** Bytes sent and not acknowledged, per destination. */
export const MAX_IN_FLIGHT = 2 * 1024 * 1024;
/** Ranges above a watermark. A destination takes nothing that would make more. */
export const MAX_RANGES = 256;
/** Incarnations of one origin that a destination remembers. */
export const MAX_INCARNATIONS = 16;
/** Bytes of a chain, as in admission. */
export const MAX_CHAIN = 16 * 1024;

/** Milliseconds for the hello and the welcome each. */
export const HELLO_DEADLINE = 10_000;
/** Milliseconds within which something sent must be acknowledged; then the stream counts as dead. */
export const ACK_DEADLINE = 15_000;
/** Between two tries. With a hello's deadline the second stays within 30 s. */
export const RETRY = { first: 200, longest: 20_000 } as const;
