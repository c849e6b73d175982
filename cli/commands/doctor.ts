// canopy doctor: looks at everything that commonly goes wrong, and says what to do about it.
import type { Command } from 'commander';
import { systemClock } from '../../src/realm/clock.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { type Cli, paint, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { checkCertificates } from '../doctor/certificate-checks.ts';
import type { Finding } from '../doctor/finding.ts';
import {
  checkDisk,
  checkFileLimits,
  checkPermissions,
  checkPorts,
  checkRootKey,
  checkSettings,
} from '../doctor/host-checks.ts';
import { askProgram } from '../doctor/running-checks.ts';
import { FindingsPresent } from '../exit-codes.ts';

interface DoctorOptions {
  readonly dir: string;
  readonly json: boolean;
}

const SIGNS: Readonly<Record<Finding['level'], string>> = { ok: 'ok  ', note: 'note', problem: 'FAIL' };
const COLOURS = { ok: 'green', note: 'yellow', problem: 'red' } as const;

export function doctorCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'doctor',
    summary: 'Look for what commonly goes wrong, and say what to do',
    details:
      'Looks at files, certificates, ports and disk, and asks the programs of this host if they run. Changes nothing.',
    examples: ['canopy doctor --dir /srv/kyiv', 'canopy doctor --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the examination was not finished', (options: DoctorOptions) => doctor(cli, options)));
}

/** @throws FindingsPresent */
async function doctor(cli: Cli, { dir, json }: DoctorOptions): Promise<void> {
  const findings = await examine(cli, dir);
  const order: readonly Finding['level'][] = ['problem', 'note', 'ok'];
  const sorted = order.flatMap((level) => findings.filter((finding) => finding.level === level));
  if (json) printJson(cli, { findings: sorted });
  else {
    printLines(
      cli,
      sorted.flatMap((finding) => findingLines(cli, finding)),
    );
  }
  if (sorted[0]?.level === 'problem') throw new FindingsPresent();
}

async function examine(cli: Cli, dir: string): Promise<Finding[]> {
  const directory = await openDataDirectory(dir);
  const realm = await readRealmFile(directory);
  const { settings, findings: ofSettings } = await checkSettings(directory, cli.env);
  const asked = await Promise.all(realm.programs.map((role) => askProgram(role, directory, realm.programs)));
  const idle = asked.filter(({ isRunning }) => !isRunning).map(({ role }) => role);
  return [
    ...asked.flatMap(({ findings }) => findings),
    ...ofSettings,
    ...(await checkPermissions(directory)),
    ...(await checkRootKey(directory)),
    ...(await checkCertificates(directory, realm, systemClock.now())),
    ...(await checkDisk(directory)),
    ...(await checkFileLimits(asked)),
    ...(settings ? await checkPorts(settings, idle) : []),
  ];
}

function findingLines(cli: Cli, { level, what, next }: Finding): string[] {
  const sign = paint(cli, cli.stdout, COLOURS[level], SIGNS[level]);
  return [`${sign}  ${what}`, ...(next === undefined ? [] : [`      ${next}`])];
}
