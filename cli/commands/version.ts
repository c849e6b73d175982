// canopy version.
import type { Command } from 'commander';
import { RELEASE } from '../../src/settings/release.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, jsonOption, makeCommand } from '../command.ts';

export function versionCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'version',
    summary: 'Tell the release',
    examples: ['canopy version', 'canopy version --json'],
  })
    .addOption(jsonOption())
    .action(
      act('the version is not known', async ({ json }: { json: boolean }) => {
        if (json) printJson(cli, { version: RELEASE, node: process.versions.node });
        else printLines(cli, [`canopy ${RELEASE} (Node ${process.versions.node})`]);
      }),
    );
}
