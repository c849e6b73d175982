// What doctor asks of the running programs.
import { AdminClient, NotRunningError, type Status } from '../../node/admin/api.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { DataDirectory } from '../../src/settings/data-directory.ts';
import { type Finding, note, ok, problem } from './finding.ts';

export interface AskedNode {
  readonly findings: readonly Finding[];
  /** Undefined when the node doesn't answer. */
  readonly status?: Status;
}

export async function askNode(directory: DataDirectory): Promise<AskedNode> {
  try {
    const status = await new AdminClient(directory.socket.node).status();
    return { status, findings: [ok('node', `the node answers (process ${status.pid})`), ...statusFindings(status)] };
  } catch (error) {
    const next = `Run: canopy start --dir ${directory.path}`;
    if (error instanceof NotRunningError) return { findings: [problem('node', 'the node does not run', next)] };
    return { findings: [problem('node', `the node does not answer: ${messageOf(error)}`, 'Look into its log.')] };
  }
}

function statusFindings({ relay, realms, warnings }: Status): Finding[] {
  const away = realms.filter(({ path }) => path === 'unreachable').map(({ realm }) => realm);
  const uplink = relay.connected
    ? ok('uplink', 'the node is connected to its relay')
    : problem(
        'uplink',
        'the node does not reach its relay; local chats work',
        'Start the relay, or look into its log.',
      );
  const reach =
    away.length === 0
      ? ok('reach', `a way leads to each of ${realms.length} realms`)
      : note('reach', `no way leads to ${away.join(', ')}`, 'Run: canopy netcheck --dir DIR, here and there');
  return [uplink, reach, ...warnings.map((text) => note('warning', text, 'Run: canopy status --dir DIR'))];
}
