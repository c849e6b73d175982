// What doctor asks of the running programs.
import { AdminClient, NotRunningError, type Status } from '../../node/admin/api.ts';
import { RelayClient, type RelayStatusAnswer } from '../../relay/api.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { Role } from '../../src/realm/names.ts';
import type { DataDirectory } from '../../src/settings/data-directory.ts';
import { type Finding, note, ok, problem } from './finding.ts';
import { afterRevocation, whatIsRevoked } from './revoked-relay.ts';

export interface AskedProgram {
  readonly role: Role;
  readonly isRunning: boolean;
  /** As far as it tells. */
  readonly pid?: number;
  readonly findings: readonly Finding[];
}

/** @param programs those of this host */
export function askProgram(role: Role, directory: DataDirectory, programs: readonly Role[]): Promise<AskedProgram> {
  return role === 'node' ? askNode(directory) : askRelay(directory, !programs.includes('node'));
}

async function askNode(directory: DataDirectory): Promise<AskedProgram> {
  try {
    const status = await new AdminClient(directory.socket.node).status();
    const answers = ok('node', `the node answers (process ${status.pid})`);
    return { role: 'node', isRunning: true, pid: status.pid, findings: [answers, ...nodeFindings(status)] };
  } catch (error) {
    return silent('node', directory, error);
  }
}

async function askRelay(directory: DataDirectory, isAlone: boolean): Promise<AskedProgram> {
  try {
    const status = await new RelayClient(directory.socket.relay).status();
    return {
      role: 'relay',
      isRunning: true,
      findings: [ok('relay', 'the relay answers'), ...relayFindings(status, directory, isAlone)],
    };
  } catch (error) {
    return silent('relay', directory, error);
  }
}

function silent(role: Role, { path }: DataDirectory, error: unknown): AskedProgram {
  if (error instanceof NotRunningError) {
    const next = `Run: canopy start --dir ${path}`;
    return { role, isRunning: false, findings: [problem(role, `the ${role} does not run`, next)] };
  }
  const what = `the ${role} does not answer: ${messageOf(error)}`;
  return { role, isRunning: true, findings: [problem(role, what, 'Look into its log.')] };
}

function nodeFindings({ relay, realms, warnings }: Status): Finding[] {
  const uplink = relay.connected
    ? ok('uplink', 'the node is connected to its relay')
    : problem(
        'uplink',
        'the node does not reach its relay; local chats work',
        'Start the relay, or look into its log.',
      );
  const told = warnings.map((text) => note('warning', text, 'Run: canopy status --dir DIR'));
  return [uplink, ...reachOf(realms), ...told];
}

function reachOf(realms: Status['realms']): Finding[] {
  const away = realms.filter(({ path }) => path === 'unreachable').map(({ realm }) => realm);
  if (realms.length === 0) return [];
  if (away.length === 0) return [ok('reach', `a way leads to each of ${realms.length} other realms`)];
  return [note('reach', `no way leads to ${away.join(', ')}`, 'Run: canopy netcheck --dir DIR, here and there')];
}

function relayFindings({ node, revoked }: RelayStatusAnswer, { path }: DataDirectory, isAlone: boolean): Finding[] {
  if (revoked) {
    const steps = afterRevocation(revoked, path, isAlone).join('\n      ');
    return [problem('relay-revoked', whatIsRevoked(revoked), steps)];
  }
  if (node) return [ok('relay-node', 'the node of this realm is connected to the relay')];
  const next = "Start the node, or look into its log on the node's host.";
  return [problem('relay-node', 'no node is connected to the relay', next)];
}
