// Every setting of a host: its key in canopy.toml, its environment variable, its default and what a value must look
// like. Reading, `canopy config show` and the canopy.toml that is written at first all follow from this table.
import { isIP } from 'node:net';
import * as v from 'valibot';
import { type HostPort, parseHostPort } from './host-port.ts';
import { type LinkLimit, parseLinkLimit } from './link-limit.ts';
import { isRelayCap, parseRelayCap, type RelayCap } from './relay-cap.ts';

export const PUNCHES = ['tcp', 'tcp-punch', 'webrtc'] as const;
/** Ways to a direct path, in the order of trying. */
export type Punch = (typeof PUNCHES)[number];

export const MAP_WAYS = ['upnp', 'nat-pmp'] as const;
/** Ways to ask the router for a port. */
export type MapWay = (typeof MAP_WAYS)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LAN_PORT = 8443;
export const WAN_PORT = 4443;
export const STUN_PORT = 3478;
/** Of the node; the relay's is the next one. */
export const METRICS_PORT = 9464;
const OFF = 'off';
/** Values that one list may have. */
const MAX_LIST = 32;

const hostPort = v.pipe(
  v.string(),
  v.check((text) => canParse(text), 'not HOST:PORT'),
  v.transform((text): HostPort => parseHostPort(text)),
);
const hostPortOrOff = v.union([
  v.pipe(
    v.literal(OFF),
    v.transform(() => undefined),
  ),
  hostPort,
]);
const relayLimit = v.pipe(
  v.string(),
  v.check((text) => tries(() => parseRelayLimit(text)), 'not WHERE CLASS KBIT and not WHAT COUNT'),
  v.transform(parseRelayLimit),
);
const subnet = v.pipe(
  v.string(),
  v.check((text) => isSubnet(text), 'not a network like 10.0.0.0/8'),
);
const lanName = v.pipe(v.string(), v.regex(/^[a-z0-9.:-]{1,253}$/, 'not a DNS name or an address'));
/** Seconds for authorities and for leaves: `90,30`. */
const lifetimes = v.pipe(
  v.string(),
  v.regex(/^\d{1,6},\d{1,6}$/, 'not two numbers of seconds'),
  v.transform((text) => {
    const [authority = 0, leaf = 0] = text.split(',').map((seconds) => Number(seconds) * 1000);
    return { authority, leaf };
  }),
);
const address = v.pipe(v.string(), v.maxLength(320));

function parseRelayLimit(text: string): LinkLimit | RelayCap {
  return isRelayCap(text) ? parseRelayCap(text) : parseLinkLimit(text);
}

function isSubnet(text: string): boolean {
  const [, address = '', bits] = /^([\da-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}

function canParse(text: string): boolean {
  return tries(() => parseHostPort(text));
}

function tries(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/** What the file holds once decoded; each key may be missing. */
export const SETTING_SCHEMAS = {
  'lan.listen': hostPort,
  'lan.scheme': v.picklist(['https', 'http']),
  'lan.names': v.pipe(v.array(lanName), v.maxLength(MAX_LIST)),
  'lan.networks': v.pipe(v.array(subnet), v.maxLength(MAX_LIST)),
  'relay.listen': v.pipe(v.array(hostPort), v.minLength(1), v.maxLength(MAX_LIST)),
  'relay.announce': v.pipe(v.array(hostPort), v.maxLength(MAX_LIST)),
  'relay.stun': v.pipe(v.array(hostPort), v.maxLength(MAX_LIST)),
  'relay.map': v.pipe(v.array(v.picklist(MAP_WAYS)), v.maxLength(MAP_WAYS.length)),
  'relay.punch': v.pipe(v.array(v.picklist(PUNCHES)), v.maxLength(PUNCHES.length)),
  'relay.private': v.pipe(v.array(subnet), v.maxLength(MAX_LIST)),
  'relay.limits': v.pipe(v.array(relayLimit), v.maxLength(MAX_LIST)),
  'metrics.node': hostPortOrOff,
  'metrics.relay': hostPortOrOff,
  'log.level': v.picklist(LOG_LEVELS),
  'testing.lifetimes': lifetimes,
  'demo.user': address,
  'demo.colleague': address,
} as const;

export type SettingKey = keyof typeof SETTING_SCHEMAS;
export type SettingValue = string | readonly string[];

export interface SettingFact {
  readonly env: string;
  /** As it would stand in the file; undefined: the setting has no value unless one is given. */
  readonly fallback: SettingValue | undefined;
  readonly note: string;
}

export const SETTING_FACTS: Readonly<Record<SettingKey, SettingFact>> = {
  'lan.listen': {
    env: 'CANOPY_LAN',
    fallback: `0.0.0.0:${LAN_PORT}`,
    note: 'Where browsers and other clients of the LAN reach the node.',
  },
  'lan.scheme': { env: 'CANOPY_LAN_SCHEME', fallback: 'https', note: '"http" is taken on loopback only.' },
  'lan.names': {
    env: 'CANOPY_LAN_NAMES',
    fallback: [],
    note: 'DNS names and addresses of this host that clients use; they stand in its certificate.',
  },
  'lan.networks': {
    env: 'CANOPY_LAN_NETWORKS',
    fallback: [],
    note: 'Networks from which clients may come: "10.20.0.0/16". None: those that this host listens in, private ones where it listens everywhere.',
  },
  'relay.listen': {
    env: 'CANOPY_WAN',
    fallback: [`0.0.0.0:${WAN_PORT}`, `[::]:${WAN_PORT}`],
    note: 'Where other relays reach this one, 0.0.0.0 over IPv4 and [::] over IPv6; a public relay adds port 443.',
  },
  'relay.announce': {
    env: 'CANOPY_ANNOUNCE',
    fallback: [],
    note: 'The outer addresses that others are told. A region needs them, others learn theirs.',
  },
  'relay.stun': {
    env: 'CANOPY_STUN',
    fallback: [`0.0.0.0:${STUN_PORT}`, `[::]:${STUN_PORT}`],
    note: 'STUN, over UDP and TCP.',
  },
  'relay.map': {
    env: 'CANOPY_MAP',
    fallback: [],
    note: 'Ways to ask the router for an open port, "upnp", "nat-pmp"; none unless your policy allows it.',
  },
  'relay.punch': { env: 'CANOPY_PUNCH', fallback: PUNCHES, note: 'Ways to a direct path, in the order of trying.' },
  'relay.private': {
    env: 'CANOPY_PRIVATE',
    fallback: [],
    note: 'Private networks, beside those of this host, where relays of other realms may be dialled: "10.0.0.0/8".',
  },
  'relay.limits': {
    env: 'CANOPY_LIMITS',
    fallback: [],
    note: 'Kbit a second each way that links may carry: "wan bulk 20000", "lviv.acme.ua all 4000"; none: no limit. What other realms may have of the relay in all: "connections 500".',
  },
  'metrics.node': {
    env: 'CANOPY_METRICS_NODE',
    fallback: `127.0.0.1:${METRICS_PORT}`,
    note: 'Where the node serves /metrics, /healthz and /readyz to this host; "off" for nowhere.',
  },
  'metrics.relay': {
    env: 'CANOPY_METRICS_RELAY',
    fallback: `127.0.0.1:${METRICS_PORT + 1}`,
    note: 'The same of the relay.',
  },
  'log.level': { env: 'CANOPY_LOG', fallback: 'info', note: LOG_LEVELS.join(', ') },
  'testing.lifetimes': {
    env: 'CANOPY_TESTING_LIFETIMES',
    fallback: undefined,
    note: 'For tests only: seconds that new certificates live, of authorities and of leaves. Never in earnest.',
  },
  'demo.user': { env: 'CANOPY_DEMO_USER', fallback: undefined, note: 'Filled in on the login page.' },
  'demo.colleague': { env: 'CANOPY_DEMO_COLLEAGUE', fallback: undefined, note: 'Offered as a first contact.' },
};

export const SETTING_KEYS = Object.keys(SETTING_SCHEMAS) as readonly SettingKey[];
