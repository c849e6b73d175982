// How the link between the relays of two realms is carried; what every program, store and client calls it.

/** In the order of their codes on disk: new ones go to the end. */
export const PATH_KINDS = ['local', 'direct-tcp', 'direct-webrtc', 'relayed', 'custody'] as const;

/**
 * `local`: both ends are in one realm. `relayed`: an ancestor's relay carries the link between the two relays. `custody`: nodes
 * of the tiers between held what travelled, with no stream from end to end; of messages alone, no link is of this kind.
 */
export type PathKind = (typeof PATH_KINDS)[number];
