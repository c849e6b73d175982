// What both commands that revoke have in common: show what would be cut, ask, do it, tell what was cut.

import { CertClient, type Radius, type Target } from '../../node/admin/cert-api.ts';
import { type Cli, printJson, printLines, say } from '../cli.ts';
import { confirmed } from '../confirm.ts';
import { openAdmin } from '../open-admin.ts';
import { asTime } from '../times.ts';

export interface RevokeOptions {
  readonly dir: string;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** @param afterwards what a person still has to do, once it is done */
export async function revokeTarget(
  cli: Cli,
  target: Target,
  options: RevokeOptions,
  afterwards: (radius: Radius) => readonly string[] = () => [],
): Promise<void> {
  const client = new CertClient(await openAdmin(options.dir));
  const act = { plan: () => client.plan(target), revoke: () => client.revoke(target, options.reason) };
  await revokeAfterPlan(cli, act, options, afterwards);
}

export interface PlannedRevocation {
  plan(): Promise<Radius>;
  revoke(): Promise<Radius>;
}

export async function revokeAfterPlan(
  cli: Cli,
  act: PlannedRevocation,
  { dryRun, yes, json }: Omit<RevokeOptions, 'dir' | 'reason'>,
  afterwards: (radius: Radius) => readonly string[] = () => [],
): Promise<void> {
  const plan = await act.plan();
  if (!dryRun) {
    if (!json) for (const line of radiusLines(plan, 'would be cut')) say(cli, line);
    await confirmed(cli, `Revoke ${plan.certificates.length} certificates? It cannot be undone.`, yes);
  }
  const radius = dryRun ? plan : await act.revoke();
  const todo = afterwards(radius);
  if (json) printJson(cli, { ...asJson(radius), dryRun, todo });
  else printLines(cli, [...radiusLines(radius, dryRun ? 'would be cut' : 'cut'), ...todoLines(todo)]);
}

function asJson({ certificates, ...radius }: Radius): object {
  const rows = certificates.map((one) => ({ ...one, notAfter: asTime(one.notAfter) }));
  return { certificates: rows, ...radius };
}

export function radiusLines({ certificates, realms, programs, users, connections }: Radius, verb: string): string[] {
  const lone = programs
    .filter(({ realm }) => !realms.includes(realm))
    .map(({ realm, role }) => `the ${role} of ${realm}`);
  return [
    `certificates: ${certificates.map(({ kind, realm, serial }) => `${kind} ${realm} (${serial})`).join(', ')}`,
    `${verb}: ${[...realms, ...lone].join(', ') || 'nothing'}`,
    `users there: ${users}`,
    `open ways from here: ${connections.length === 0 ? 'none' : connections.join(', ')}`,
  ];
}

function todoLines(todo: readonly string[]): string[] {
  return todo.length === 0 ? [] : ['still to do:', ...todo.map((line, index) => `  ${index + 1}. ${line}`)];
}
