// What the demonstration consists of: a region, an enterprise, two branches, and a user in each branch.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseRealmName, type RealmName, type Tier } from '../../src/realm/names.ts';
import type { GivenSettings } from '../../src/settings/settings.ts';
import { freePorts, portFrom } from './free-ports.ts';

export interface DemoUser {
  readonly login: string;
  readonly name: string;
  readonly address: string;
  readonly password: string;
}

export interface DemoRealm {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly dir: string;
  readonly settings: GivenSettings;
}

export interface DemoBranch extends DemoRealm {
  readonly user: DemoUser;
}

export interface DemoPlan {
  readonly dir: string;
  readonly region: DemoRealm;
  readonly enterprise: DemoRealm;
  readonly branches: readonly [DemoBranch, DemoBranch];
}

/** Who is in which branch, and where its page is wanted. */
interface Part {
  readonly realm: RealmName;
  readonly login: string;
  readonly name: string;
  readonly port: number;
}

const REGION = parseRealmName('ua');
const ENTERPRISE = parseRealmName('acme.ua');
const KYIV: Part = { realm: parseRealmName('kyiv.acme.ua'), login: 'clerk', name: 'Clerk One', port: 7101 };
const LVIV: Part = { realm: parseRealmName('lviv.acme.ua'), login: 'engineer', name: 'Engineer One', port: 7102 };

/** No letter or digit that could be taken for another. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 3;
const GROUP_LENGTH = 4;
/** Each has a relay with two ports: for its peers and for STUN. */
const REALMS = 4;

export function newPassword(): string {
  const letter = (): string => ALPHABET[randomInt(ALPHABET.length)] ?? '';
  const group = (): string => Array.from({ length: GROUP_LENGTH }, letter).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/** `anyPorts`: free ones instead of the well-known ones, so that a check never meets a running demonstration. */
export async function planDemo(dir: string, anyPorts: boolean): Promise<DemoPlan> {
  const ports = await freePorts(4 + 2 * REALMS);
  const [regionLan = 0, enterpriseLan = 0, kyivAny = 0, lvivAny = 0, ...wan] = ports;
  const kyivLan = anyPorts ? kyivAny : await portFrom(KYIV.port);
  const lvivLan = anyPorts ? lvivAny : await portFrom(Math.max(LVIV.port, kyivLan + 1));
  const realm = (name: RealmName, tier: Tier, lan: number, index: number): DemoRealm => ({
    realm: name,
    tier,
    dir: join(dir, name.split('.')[0] ?? name),
    settings: loopbackSettings(name, lan, wan[index] ?? 0, wan[REALMS + index] ?? 0),
  });
  return {
    dir,
    region: realm(REGION, 'region', regionLan, 0),
    enterprise: realm(ENTERPRISE, 'enterprise', enterpriseLan, 1),
    branches: [
      makeBranch(realm(KYIV.realm, 'branch', kyivLan, 2), KYIV, LVIV),
      makeBranch(realm(LVIV.realm, 'branch', lvivLan, 3), LVIV, KYIV),
    ],
  };
}

function loopbackSettings(realm: RealmName, lan: number, wan: number, stun: number): GivenSettings {
  return {
    'lan.listen': `127.0.0.1:${lan}`,
    'lan.scheme': 'http',
    'lan.names': [`${realm.split('.')[0]}.localhost`],
    'relay.listen': [`127.0.0.1:${wan}`],
    'relay.announce': [`127.0.0.1:${wan}`],
    'relay.stun': [`127.0.0.1:${stun}`],
    'metrics.node': 'off',
    'metrics.relay': 'off',
  };
}

function makeBranch(realm: DemoRealm, own: Part, other: Part): DemoBranch {
  const address = `${own.login}@${own.realm}`;
  return {
    ...realm,
    settings: { ...realm.settings, 'demo.user': address, 'demo.colleague': `${other.login}@${other.realm}` },
    user: { login: own.login, name: own.name, address, password: newPassword() },
  };
}
