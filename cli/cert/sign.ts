// canopy cert sign: the offline root renews the authority of its region. Runs where the root's key is, without a server.

import { join } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { fingerprintOf, validateAuthority } from '../../src/pki/chain.ts';
import { encodeEnrolReply } from '../../src/pki/enrolment.ts';
import { issueAuthority } from '../../src/pki/issue.ts';
import { localSigner, readAuthorityKeyPem } from '../../src/pki/keys.ts';
import { readPem } from '../../src/pki/pem.ts';
import { checkRenewRequest, MAX_FILE_AGE } from '../../src/pki/renewal.ts';
import { InputError } from '../../src/realm/errors.ts';
import { type Cli, printJson, say } from '../cli.ts';
import { act, jsonOption, makeCommand } from '../command.ts';
import { readGivenFile, readGivenText } from '../given-file.ts';
import { asTime } from '../times.ts';
import { revokeByRoot } from './root-list.ts';

interface SignOptions {
  readonly root: string;
  readonly revoke?: string;
  readonly json: boolean;
}

export function signCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'sign',
    summary: "Renew a region's authority with its offline root",
    details:
      'Runs on the host that has the root: a folder with key.pem and cert.pem, as "canopy init region" wrote it into root/.\n' +
      'The request is what "canopy cert renew --request FILE" wrote on the region; the reply goes to stdout.\n' +
      'With --revoke it revokes an authority of the region whose key was replaced; its list goes to stdout, and on the ' +
      'region "canopy cert retire --list FILE" takes it.',
    examples: [
      'canopy cert sign ua.req --root /media/safe/root > ua.reply',
      'canopy cert sign --revoke 6a01b2c3 --root /media/safe/root > root.crl',
    ],
  })
    .argument('[file]', 'the request')
    .option('--revoke <serial>', 'revoke this authority of the region instead')
    .addOption(new Option('--root <folder>', "the root's folder").makeOptionMandatory())
    .addOption(jsonOption())
    .action(
      act('nothing was signed', (file: string | undefined, options: SignOptions) => signOrRevoke(cli, file, options)),
    );
}

async function signOrRevoke(cli: Cli, file: string | undefined, options: SignOptions): Promise<void> {
  const { revoke, root, json } = options;
  if ((file === undefined) === (revoke === undefined)) throw new InputError('usage', 'give a request or --revoke');
  if (file !== undefined) return sign(cli, file, options);
  const list = await revokeByRoot(root, (revoke ?? '').toLowerCase(), Date.now());
  if (json) return printJson(cli, { list });
  cli.stdout.write(list);
  say(cli, 'revoked; on the region run: canopy cert retire --list FILE');
}

async function sign(cli: Cli, file: string, { root: folder, json }: SignOptions): Promise<void> {
  const key = readAuthorityKeyPem(await readGivenText(join(folder, 'key.pem')));
  const [root] = readPem('CERTIFICATE', await readGivenText(join(folder, 'cert.pem')));
  if (!root) throw new InputError('bad-pem', `${folder}/cert.pem holds no certificate`);
  const now = Date.now();
  const rootFingerprint = fingerprintOf(root);
  const { subject, spki } = await checkRenewRequest(await readGivenFile(file), { rootFingerprint, now }, MAX_FILE_AGE);
  if (subject.kind !== 'authority' || subject.tier !== 'region')
    throw new InputError(
      'may-not-issue',
      `the root renews its region's authority, not the ${subject.kind} ${subject.realm}`,
    );
  const { realm, tier } = subject;
  const chain = await issueAuthority({ signer: localSigner(key), chain: [root], realm, tier, now, publicKey: spki });
  const { notAfter } = await validateAuthority(chain, { rootFingerprint, now });
  const reply = encodeEnrolReply({ kind: 'ok', time: now, chain });
  const until = asTime(notAfter);
  if (json) {
    printJson(cli, { realm, notAfter: until, reply: Buffer.from(reply).toString('base64') });
    return;
  }
  cli.stdout.write(reply);
  say(cli, `certified the authority of ${realm} until ${until}; on the region run: canopy cert renew --reply FILE`);
}
