// canopy topology: the realms that this one knows, as a tree and as a picture.

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { LocalError, messageOf } from '../../src/realm/errors.ts';
import { type Cli, printJson, printLines, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { openAdmin } from '../open-admin.ts';
import { topologyOf } from '../topology/topology.ts';
import { topologySvg } from '../topology/topology-svg.ts';
import { topologyLines } from '../topology/topology-text.ts';

interface TopologyOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly svg?: string;
}

export function topologyCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'topology',
    summary: 'Show the realms and the ways to them, as a tree or as a picture',
    details: 'The ways are those from this realm. --svg - writes the picture to stdout.',
    examples: ['canopy topology --dir /srv/kyiv', 'canopy topology --svg overlay.svg --dir /srv/kyiv'],
  })
    .option('--svg <file>', 'write the picture to this file')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('no topology', (options: TopologyOptions) => topology(cli, options)));
}

async function topology(cli: Cli, { dir, json, svg }: TopologyOptions): Promise<void> {
  const status = await (await openAdmin(dir)).status();
  const roots = topologyOf(status);
  if (svg !== undefined) {
    await writePicture(cli, svg, topologySvg(roots, `Ways from ${status.realm}`));
    if (svg === '-') return;
    if (!json) return say(cli, `The picture is in ${svg}`);
  }
  if (json) printJson(cli, { realm: status.realm, ...(svg ? { svg } : {}), realms: roots });
  else printLines(cli, topologyLines(roots));
}

/** @throws LocalError `cannot-write` */
async function writePicture(cli: Cli, file: string, picture: string): Promise<void> {
  if (file === '-') {
    cli.stdout.write(picture);
    return;
  }
  try {
    await writeFile(file, picture);
  } catch (cause) {
    throw new LocalError('cannot-write', `${file} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
