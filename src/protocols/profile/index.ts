// /canopy/profile/1: a node of the enterprise asks for profile records of users it knows from a directory chain.
//
//   asker  -> holder   [1, [user id, ...]]            once, at most 32 ids of 16 bytes
//   holder -> asker    [1, [record or null, ...]]     in the order of the ids; null: not here, or erased
// Then both close. Who may ask: nodes of the same enterprise. Refusal: the stream is reset (`scope`, `malformed`).
// Limits: 17 KiB a record (16 of them the photo), 576 KiB a frame, 4 streams a peer. Deadlines: 10 s for each frame.
//
// The asker takes a record only if its hash is the one in the directory chain, so any holder will do.
export const PROFILE_PROTOCOL = '/canopy/profile/1';

export const MAX_IDS = 32;
export const MAX_FRAME = 576 * 1024;
export const MAX_STREAMS = 4;
export const FRAME_DEADLINE = 10_000;
