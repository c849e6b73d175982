// What a group needs from outside: the device that it runs on, and what that device thinks of others.
import type { ClientConfig } from 'ts-mls';
import { equals } from 'uint8arrays/equals';
import type { ConversationId } from '../../realm/ids.ts';
import type { RealmName } from '../../realm/names.ts';
import type { DeviceCertificate } from '../device-certificate.ts';
import type { SigningKey } from '../identity.ts';
import type { CertificateReader } from './certificate-reader.ts';
import { sameDevice } from './same-device.ts';

/**
 * What a client thinks of a certificate that is genuine in itself.
 * `good`      of the identity that is pinned for the user, valid at that time, not removed.
 * `unknown`   nothing is known of the user or the device yet: ask the directory, then try again.
 * `identity`  of another identity than the pinned one: nothing goes on until a person has been told.
 * `removed`   signed out or removed, as the directory says.
 * `removed-since`  the same, heard of only after the time that is asked about: whoever was away follows what home accepted before.
 * `expired`   or not valid yet.
 */
export type DeviceVerdict = 'good' | 'unknown' | 'identity' | 'removed' | 'removed-since' | 'expired';

export interface GroupMove {
  readonly conversation: ConversationId;
  readonly home: RealmName;
  readonly term: number;
}

export interface GroupChecks {
  /** @param at milliseconds since 1970: when home accepted the commit that is being looked at, else now */
  device(certificate: DeviceCertificate, at: number): DeviceVerdict | Promise<DeviceVerdict>;
  /** Whether it was declared that a conversation has that home from that term on; without it, homes stay. */
  move?(move: GroupMove): boolean | Promise<boolean>;
}

/** The device that takes part. */
export interface OwnDevice {
  readonly certificate: DeviceCertificate;
  readonly signature: SigningKey;
}

export interface GroupParts {
  readonly me: OwnDevice;
  readonly checks: GroupChecks;
  /** One for all groups of a client. */
  readonly certificates: CertificateReader;
  readonly clock: { now(): number };
}

/** The library accepts every credential unless it is told otherwise, each time that a state is made or read. */
export function clientConfig({ certificates }: Pick<GroupParts, 'certificates'>): ClientConfig {
  return {
    // One epoch: its own messages are not used, and with 0 it would keep all of them.
    keyRetentionConfig: { retainKeysForGenerations: 1, retainKeysForEpochs: 1, maximumForwardRatchetSteps: 1 },
    // Dates are checked beside (commit-checks.ts), by the time that is passed in.
    lifetimeConfig: { maximumTotalLifetime: 0n, validateLifetimeOnReceive: false },
    keyPackageEqualityConfig: {
      compareKeyPackages: (a, b) => sameDevice(certificates.ofLeaf(a.leafNode), certificates.ofLeaf(b.leafNode)),
      compareKeyPackageToLeafNode: (a, b) =>
        equals(a.leafNode.signaturePublicKey, b.signaturePublicKey) ||
        sameDevice(certificates.ofLeaf(a.leafNode), certificates.ofLeaf(b)),
    },
    paddingConfig: { kind: 'alwaysPad', paddingLength: 0 },
    authService: certificates.service,
  };
}
