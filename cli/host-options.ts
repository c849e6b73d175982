// Options of init and join that become settings of the host.
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { messageOf } from '../src/realm/errors.ts';
import { formatHostPort, parseHostPort } from '../src/settings/host-port.ts';
import type { GivenSettings } from '../src/settings/settings.ts';

export interface HostOptions {
  readonly lan?: string;
  readonly lanName?: readonly string[];
  readonly wan?: readonly string[];
  readonly announce?: readonly string[];
  readonly stun?: readonly string[];
}

export function addHostOptions(command: Command): Command {
  return command
    .option('--lan <host:port>', 'where clients of the LAN connect (default 0.0.0.0:8443)', hostPort)
    .option(
      '--lan-name <name>',
      "a DNS name or address that clients use; repeatable, goes into the LAN's certificate",
      collect,
    )
    .option('--wan <host:port>', 'where other relays connect; repeatable (default 0.0.0.0:4443)', collectHostPort)
    .option('--announce <host:port>', 'the outer address that others are told; repeatable', collectHostPort)
    .option(
      '--stun <host:port>',
      'where STUN answers, UDP and TCP; repeatable (default 0.0.0.0:3478)',
      collectHostPort,
    );
}

/** As they will stand in canopy.toml. */
export function givenSettings(options: HostOptions): GivenSettings {
  return {
    ...(options.lan ? { 'lan.listen': options.lan } : {}),
    ...(options.lanName ? { 'lan.names': options.lanName } : {}),
    ...(options.wan ? { 'relay.listen': options.wan } : {}),
    ...(options.announce ? { 'relay.announce': options.announce } : {}),
    ...(options.stun ? { 'relay.stun': options.stun } : {}),
  };
}

function hostPort(text: string): string {
  try {
    return formatHostPort(parseHostPort(text));
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function collectHostPort(text: string, before: readonly string[] = []): string[] {
  return [...before, hostPort(text)];
}
