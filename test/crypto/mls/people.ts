// People with devices, as a home realm and its clients would know them: who has which identity, which devices were removed.

import {
  type DeviceCertificate,
  isOfIdentity,
  issueDeviceCertificate,
} from '../../../src/crypto/device-certificate.ts';
import { newSigningKey, type SigningKey } from '../../../src/crypto/identity.ts';
import { CertificateReader } from '../../../src/crypto/mls/certificate-reader.ts';
import { makeKeyPackage } from '../../../src/crypto/mls/key-package.ts';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import type { DeviceVerdict, GroupChecks, GroupParts, OwnDevice } from '../../../src/crypto/mls/parts.ts';
import type { MemberRole, Roster, RosterKind } from '../../../src/crypto/roster.ts';
import {
  idText,
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseUserId,
  type UserId,
} from '../../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';

const DAY = 24 * 60 * 60 * 1000;
export const HOME: RealmName = parseRealmName('kyiv.acme.ua');
export const CONVERSATION = parseConversationId('00000000-0000-4000-8000-0000000000c0');
export const GROUP = parseGroupId('00000000-0000-4000-8000-000000000001');

export interface Person {
  readonly user: UserId;
  readonly identity: SigningKey;
}

/** A world whose clients all know the same. */
export class People {
  readonly conversation = CONVERSATION;
  readonly identities = new Map<UserId, Uint8Array>();
  readonly removed = new Set<string>();
  readonly certificates = new CertificateReader();
  readonly clock: { now(): number } = { now: () => Date.now() };
  readonly checks: GroupChecks = { device: (certificate, at) => this.verdict(certificate, at) };

  person(): Person {
    const user = parseUserId(idText(systemRandom(16)));
    const identity = newSigningKey(systemRandom);
    this.identities.set(user, identity.publicKey);
    return { user, identity };
  }

  device({ user, identity }: Person, claims: Partial<DeviceCertificate> = {}): OwnDevice {
    const signature = newSigningKey(systemRandom);
    const now = this.clock.now();
    const certificate = issueDeviceCertificate(identity, {
      user,
      device: parseDeviceId(idText(systemRandom(16))),
      signatureKey: signature.publicKey,
      hpkeKey: systemRandom(32),
      sequence: 1,
      notBefore: now - DAY,
      notAfter: now + 100 * DAY,
      ...claims,
    });
    return { certificate, signature };
  }

  parts(me: OwnDevice): GroupParts {
    return { me, checks: this.checks, certificates: this.certificates, clock: this.clock };
  }

  verdict(certificate: DeviceCertificate, at: number): DeviceVerdict {
    const identity = this.identities.get(certificate.user);
    if (!identity) return 'unknown';
    if (!isOfIdentity(certificate, certificate.user, identity)) return 'identity';
    if (this.removed.has(certificate.device)) return 'removed';
    return at > certificate.notAfter ? 'expired' : 'good';
  }
}

export function rosterOf(members: readonly (readonly [Person, MemberRole])[], kind: RosterKind = 'group'): Roster {
  return { kind, home: HOME, term: 0, members: members.map(([{ user }, role]) => ({ user, role })) };
}

/** A group of one device. */
export function begin(people: People, me: OwnDevice, roster: Roster): Promise<MlsGroup> {
  return MlsGroup.create({ group: GROUP, conversation: CONVERSATION, roster }, people.parts(me));
}

export interface Grown {
  readonly group: MlsGroup;
  readonly joined: readonly MlsGroup[];
}

/** Adds devices by one commit that everybody else follows; `others` are not touched. */
export async function grow(people: People, group: MlsGroup, devices: readonly OwnDevice[]): Promise<Grown> {
  const packages = await Promise.all(devices.map((device) => makeKeyPackage(device, people.clock.now())));
  const offer = await group.commit({ add: packages.map(({ publicPart }) => publicPart) });
  const joined = await Promise.all(
    devices.map((device, at) => {
      const welcome = offer.welcomes.find((one) => one.device === device.certificate.device);
      const keyPackage = packages[at]?.privatePart;
      if (!welcome || !keyPackage) throw new Error('a device without a welcome');
      const given = { conversation: CONVERSATION, welcome: welcome.body, groupInfo: offer.groupInfo, keyPackage };
      return MlsGroup.joinByWelcome(given, people.parts(device));
    }),
  );
  return { group: offer.accept(), joined };
}
