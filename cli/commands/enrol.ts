// canopy enrol: answers an enrolment request that was carried here as a file; the same bytes as over the wire.

import type { Command } from 'commander';
import { decodeEnrolReply } from '../../src/pki/enrolment.ts';
import { MAX_RENEW_REQUEST } from '../../src/pki/renewal.ts';
import { InputError } from '../../src/realm/errors.ts';
import { type Cli, printJson, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { readGivenFile } from '../given-file.ts';
import { openAdmin } from '../open-admin.ts';

interface EnrolOptions {
  readonly dir: string;
  readonly json: boolean;
}

export function enrolCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'enrol',
    summary: 'Answer an enrolment request that came as a file',
    details:
      'The request is what "canopy join TOKEN --request-out FILE" wrote on the new host; the reply goes to stdout and from ' +
      'there to "canopy join TOKEN --reply FILE". A refusal is a reply too: the new host tells the reason.\n' +
      'A renewal that "canopy cert renew --request FILE" wrote is answered the same way. The server must run.',
    examples: ['canopy enrol lviv.req --dir /srv/acme > lviv.reply'],
  })
    .argument('<file>', 'the request')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('no reply was made', (file: string, options: EnrolOptions) => enrol(cli, file, options)));
}

async function enrol(cli: Cli, file: string, options: EnrolOptions): Promise<void> {
  const reply = await (await openAdmin(options.dir)).enrol(await readRequest(file));
  const answer = decodeEnrolReply(reply);
  if (options.json) {
    const refused = answer.kind === 'refused' ? { code: answer.code } : {};
    printJson(cli, { kind: answer.kind, ...refused, reply: Buffer.from(reply).toString('base64') });
    return;
  }
  cli.stdout.write(reply);
  say(cli, answer.kind === 'ok' ? 'certified' : `refused (${answer.code}); the new host will tell why`);
}

async function readRequest(file: string): Promise<Uint8Array> {
  const bytes = await readGivenFile(file);
  if (bytes.length > MAX_RENEW_REQUEST) {
    throw new InputError(
      'enrol-malformed',
      `${file} has ${bytes.length} bytes; a request has at most ${MAX_RENEW_REQUEST}`,
    );
  }
  return bytes;
}
