// /canopy/heads/1: a node asks another what that one has seen of it, before it numbers anything; and asks the realm above for a new
// incarnation.
//
//   asker  -> witness  [1, "ask"]
//   witness -> asker   [1, "seen", incarnation, [[chain, incarnation, n], ...], [incarnation, n]]
//                      the highest incarnation ever seen of the asker, the ends of its chains as they are held here, and the last
//                      number of its outbox for this realm (zeros: none)
//   asker  -> parent   [1, "certify"]
//   parent -> asker    [1, "certified", certificate]     src/protocols/ledger/incarnation.ts; above all that was seen or certified
// One question a stream, then both close. Nodes of the family ask about themselves only. A refusal resets the stream: `scope`
// (only the realm right above certifies), `malformed`.
// Limits: 32 KiB a frame, 4 streams a peer. Deadlines: 10 s for each frame.
export const HEADS_PROTOCOL = '/canopy/heads/1';

export const MAX_FRAME = 32 * 1024;
export const MAX_STREAMS = 4;
export const FRAME_DEADLINE = 10_000;
