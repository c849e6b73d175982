// Settings of a host: environment (CANOPY_*) beats canopy.toml beats default. A key that we don't know is an
// error, since a misspelt setting that is silently ignored is worse than a program that doesn't start.
import { parse, TomlError } from 'smol-toml';
import * as v from 'valibot';
import { InputError } from '../realm/errors.ts';
import { type DataDirectory, readOptional } from './data-directory.ts';
import { formatHostPort, type HostPort, isLoopbackHost } from './host-port.ts';
import type { LinkLimit } from './link-limit.ts';
import { nearest } from './nearest.ts';
import type { CapName } from './relay-cap.ts';
import {
  type LogLevel,
  type MapWay,
  type Punch,
  SETTING_FACTS,
  SETTING_KEYS,
  SETTING_SCHEMAS,
  type SettingKey,
  type SettingValue,
} from './setting-table.ts';

export interface Settings {
  readonly lan: {
    readonly listen: HostPort;
    readonly scheme: 'https' | 'http';
    readonly names: readonly string[];
    /** From which clients may come; empty: those that the host listens in. */
    readonly networks: readonly string[];
  };
  readonly relay: {
    readonly listen: readonly HostPort[];
    readonly announce: readonly HostPort[];
    readonly stun: readonly HostPort[];
    readonly punch: readonly Punch[];
    /** What links may carry. */
    readonly limits?: readonly LinkLimit[];
    /** What other realms may have of the relay in all, where it is not the usual. */
    readonly caps?: Readonly<Partial<Record<CapName, number>>>;
    /** Private networks, beside those of this host, where others may be dialled. */
    readonly private?: readonly string[];
    /** Ways to ask the router for a port; none by default. */
    readonly map?: readonly MapWay[];
  };
  /** Undefined: switched off. */
  readonly metrics: { readonly node: HostPort | undefined; readonly relay: HostPort | undefined };
  readonly log: { readonly level: LogLevel };
  /** For tests only. Milliseconds that new certificates are valid. */
  readonly testing?: { readonly lifetimes: { readonly authority: number; readonly leaf: number } };
  /** What the demonstration's login page offers. */
  readonly demo?: { readonly user: string; readonly colleague: string };
}

export type GivenSettings = Partial<Record<SettingKey, SettingValue>>;
export type Environment = Readonly<Record<string, string | undefined>>;
export type Source = 'environment' | 'file' | 'default';

/** Where a value came from, for `canopy config show`. */
export interface SettingOrigin {
  readonly key: SettingKey;
  readonly value: SettingValue;
  readonly source: Source;
}

export interface ReadSettings {
  readonly settings: Settings;
  readonly origins: readonly SettingOrigin[];
}

/** @throws InputError `bad-settings`, `unknown-setting` */
export async function readSettings(directory: DataDirectory, env: Environment): Promise<ReadSettings> {
  const text = (await readOptional(directory.settings)) ?? '';
  return decideSettings(decodeFile(text, directory.settings), env);
}

/** The pure part of reading: which of the sources gives each value, and whether it is of the right form. */
export function decideSettings(file: GivenSettings, env: Environment): ReadSettings {
  const origins = SETTING_KEYS.flatMap((key) => originOf(key, file, env) ?? []);
  const value = <K extends SettingKey>(key: K) => {
    const origin = origins.find((known) => known.key === key);
    return origin === undefined ? undefined : check(key, origin);
  };
  const required = <T>(given: T | undefined, key: SettingKey): T => {
    if (given === undefined) throw new InputError('bad-settings', `${key} has no value`);
    return given;
  };
  const user = value('demo.user');
  const lifetimes = value('testing.lifetimes');
  const limits = required(value('relay.limits'), 'relay.limits');
  const caps = limits.flatMap((one) => ('what' in one ? [[one.what, one.most]] : []));
  const settings: Settings = {
    lan: {
      listen: required(value('lan.listen'), 'lan.listen'),
      scheme: required(value('lan.scheme'), 'lan.scheme'),
      names: required(value('lan.names'), 'lan.names'),
      networks: required(value('lan.networks'), 'lan.networks'),
    },
    relay: {
      listen: required(value('relay.listen'), 'relay.listen'),
      announce: required(value('relay.announce'), 'relay.announce'),
      stun: required(value('relay.stun'), 'relay.stun'),
      punch: required(value('relay.punch'), 'relay.punch'),
      limits: limits.filter((one) => 'where' in one),
      caps: Object.fromEntries(caps),
      private: required(value('relay.private'), 'relay.private'),
      map: required(value('relay.map'), 'relay.map'),
    },
    metrics: { node: value('metrics.node'), relay: value('metrics.relay') },
    log: { level: required(value('log.level'), 'log.level') },
    ...(lifetimes === undefined ? {} : { testing: { lifetimes } }),
    ...(user === undefined ? {} : { demo: { user, colleague: value('demo.colleague') ?? '' } }),
  };
  refuseOpenHttp(settings);
  return { settings, origins };
}

function originOf(key: SettingKey, file: GivenSettings, env: Environment): SettingOrigin | undefined {
  const fact = SETTING_FACTS[key];
  const variable = env[fact.env];
  if (variable !== undefined && variable !== '') {
    return { key, value: Array.isArray(fact.fallback) ? splitList(variable) : variable, source: 'environment' };
  }
  const written = file[key];
  if (written !== undefined) return { key, value: written, source: 'file' };
  return fact.fallback === undefined ? undefined : { key, value: fact.fallback, source: 'default' };
}

function splitList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function check<K extends SettingKey>(key: K, origin: SettingOrigin): v.InferOutput<(typeof SETTING_SCHEMAS)[K]> {
  const result = v.safeParse(SETTING_SCHEMAS[key], origin.value);
  if (result.success) return result.output;
  const where = origin.source === 'environment' ? SETTING_FACTS[key].env : key;
  throw new InputError('bad-settings', `${where} is ${JSON.stringify(origin.value)}: ${result.issues[0].message}`, {
    hint: `${SETTING_FACTS[key].note} Default: ${JSON.stringify(SETTING_FACTS[key].fallback ?? null)}`,
  });
}

/** Plain HTTP would show passwords' traffic and cookies to the LAN; browsers trust loopback alone. */
function refuseOpenHttp({ lan }: Settings): void {
  if (lan.scheme === 'http' && !isLoopbackHost(lan.listen.host)) {
    throw new InputError('bad-settings', `lan.scheme "http" with lan.listen ${formatHostPort(lan.listen)}`, {
      hint: 'Listen on 127.0.0.1, or use "https".',
    });
  }
}

/** TOML text to dotted keys. @throws InputError `bad-settings`, `unknown-setting` */
export function decodeFile(text: string, path: string): GivenSettings {
  const given: GivenSettings = {};
  for (const [section, table] of Object.entries(parseToml(text, path))) {
    if (typeof table !== 'object' || table === null || Array.isArray(table)) throw unknownKey(section, path);
    for (const [name, value] of Object.entries(table)) {
      const key = SETTING_KEYS.find((known) => known === `${section}.${name}`);
      if (key === undefined) throw unknownKey(`${section}.${name}`, path);
      given[key] = asValue(key, value);
    }
  }
  return given;
}

/** Strings and lists of strings; what they must look like is checked where the source is known. */
function asValue(key: SettingKey, value: unknown): SettingValue {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value;
  throw new InputError('bad-settings', `${key} is ${JSON.stringify(value)}; expected text in quotes, or a list of it`, {
    hint: `${SETTING_FACTS[key].note} Default: ${JSON.stringify(SETTING_FACTS[key].fallback ?? null)}`,
  });
}

function parseToml(text: string, path: string): object {
  try {
    return parse(text);
  } catch (cause) {
    const where = cause instanceof TomlError ? `:${cause.line}:${cause.column}` : '';
    throw new InputError('bad-settings', `${path}${where} is not valid TOML`, {
      cause,
      hint: `Correct the file: ${path}`,
    });
  }
}

function unknownKey(key: string, path: string): InputError {
  const known = nearest(key, SETTING_KEYS);
  return new InputError('unknown-setting', `${path} has the setting "${key}", which does not exist`, {
    hint: known ? `Did you mean "${known}"?` : `The settings are ${SETTING_KEYS.join(', ')}.`,
  });
}
