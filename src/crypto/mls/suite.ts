// What all groups have in common: the cipher suite of RFC 9420 that must be supported (number 1: X25519, AES-128-GCM, SHA-256,
// Ed25519), and what every leaf says that it can do.
import { type Capabilities, type CiphersuiteImpl, getCiphersuiteFromName, getCiphersuiteImpl } from 'ts-mls';

export const SUITE_NAME = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';
export const SUITE: CiphersuiteImpl = await getCiphersuiteImpl(getCiphersuiteFromName(SUITE_NAME));

/** GroupContext extensions of ours, in the range for private use (RFC 9420, section 17.3). */
export const ROSTER_EXTENSION = 0xf0c1;
export const CONVERSATION_EXTENSION = 0xf0c2;

export const CAPABILITIES: Capabilities = {
  versions: ['mls10'],
  ciphersuites: [SUITE_NAME],
  extensions: [ROSTER_EXTENSION, CONVERSATION_EXTENSION],
  proposals: [],
  credentials: ['basic'],
};

/** Devices of a group. */
export const MAX_DEVICES = 1000;
/** Devices that one commit adds: with more, it would no longer fit into an envelope. */
export const MAX_ADDED = 200;
