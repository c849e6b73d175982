// How two relays that have a relayed connection agree on a direct one: `/canopy/punch/1`, a stream on that connection. Each
// frame is a CBOR array behind a length of four bytes. Of the two relays the one with the lower peer id begins upgrades.
//
//   -> [1, "ask"]                  from the other one: please better this link. No reply.
//   -> [1, "dial"]                 please dial me at the addresses of my realm's record, plainly
//   <- [1, "dialled", bool]
//
// TCP simultaneous open. Each side asks a STUN server over TCP from a fresh local port P for its outer address, keeps that
// connection open to hold the mapping, and never listens on P.
//
//   -> [1, "outer", host, port]
//   <- [1, "outer", host, port]
//   -> [1, "sync", n]   <- [1, "sync", n]      twice: the shorter time is the round trip
//   -> [1, "go", round]            the other side connects from P at once, the sender after half a round trip; each repeats
//                                  what is refused at once until the round is over; up to 3 rounds
//   <- [1, "refused", code]        not-allowed, busy, too-often, address-mismatch, bad-address, no-stun, malformed
//
// The socket then goes to the upgrader as any TCP connection, the lower peer id as dialler, and admission decides as ever.
// The address that the peer names must be the one at which a common ancestor sees the peer, where the ancestor can say; it
// is never a loopback, link-local, private or multicast address unless the ancestor says so. Limits: a frame of 256 bytes, 18 s in
// all, one punch at a time for each peer, 20 a minute for each realm, and of 60 a minute in all a fair share (../../shares).
export const PUNCH_PROTOCOL = '/canopy/punch/1';
export const MAX_FRAME = 256;
export const PUNCH_TIMEOUT = 18_000;
export const ROUNDS = 3;
/** Longer than a second, after which the kernel repeats a lost SYN, which is a second try of its own. */
export const ROUND = 1_800;
export const SYNCS = 2;
/** How long our STUN may take before the other side waits in vain. */
export const STUN_TIMEOUT = 2_000;
