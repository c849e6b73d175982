// What the demonstration says when it is up.
import type { Ping } from '../../node/admin/api.ts';
import { formatRtt } from '../commands/ping.ts';
import { type DemoBranch, type DemoPlan } from './demo-plan.ts';

export interface DemoReady {
  readonly plan: DemoPlan;
  /** Where each branch's users log in. */
  readonly url: (branch: DemoBranch) => string;
  /** From the first branch to the second. */
  readonly ping: Ping;
  readonly temporary: boolean;
}

export function demoDocument({ plan, url, ping }: DemoReady): object {
  return {
    ready: true,
    users: plan.branches.map((branch) => ({
      user: branch.user.address,
      name: branch.user.name,
      password: branch.user.password,
      url: url(branch),
    })),
    path: { from: plan.branches[0].realm, to: ping.realm, ...ping.path, rtt: ping.rtt },
    dirs: Object.fromEntries([plan.region, plan.enterprise, ...plan.branches].map(({ realm, dir }) => [realm, dir])),
  };
}

export function demoLines(ready: DemoReady, bold: (text: string) => string): string[] {
  const { plan, url, ping, temporary } = ready;
  const [kyiv, lviv] = plan.branches;
  const way = ping.path.via ? `${ping.path.kind} by ${ping.path.via}` : ping.path.kind;
  const hops = ping.path.hops.map(({ role, realm, pid }) => `${role} ${realm} (${pid})`);
  return [
    '',
    'Two branches are up. Open both pages, each in a window of its own:',
    '',
    ...plan.branches.flatMap((branch) => [
      `  ${bold(url(branch))}`,
      `    user      ${branch.user.address}`,
      `    password  ${bold(branch.user.password)}`,
      '',
    ]),
    `  path        ${kyiv.realm} to ${lviv.realm}: ${way}, ${formatRtt(ping.rtt)}`,
    ...hops.map((hop, index) => `  ${index === 0 ? 'hops' : '    '}        ${hop}`),
    '',
    'Next: write from one page to the other, then look at the way:',
    `  npx canopy ping ${lviv.realm} --dir ${kyiv.dir}`,
    `  npx canopy chat --server ${url(kyiv)} --user ${kyiv.user.address}`,
    '',
    `Ctrl+C stops it${temporary ? ' and removes its data' : `; the data stays in ${plan.dir}`}.`,
  ];
}
