// canopy cert show: who this realm is, for people and for other programs. Reads files; the server need not run.

import { X509Certificate } from 'node:crypto';
import { type Command, Option } from 'commander';
import { fingerprintOf } from '../../src/pki/chain.ts';
import { readPem, writePem } from '../../src/pki/pem.ts';
import { LocalError } from '../../src/realm/errors.ts';
import { type DataDirectory, openDataDirectory, readOptional } from '../../src/settings/data-directory.ts';
import { readChain } from '../../src/settings/key-files.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { tableLines } from '../table.ts';
import { shortDuration } from '../times.ts';

interface ShowOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly pem: boolean;
  readonly lanAuthority: boolean;
}

export function showCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'show',
    summary: "Tell this realm's certificates",
    details:
      'Without options: the chain of the node (of the relay on a DMZ host), leaf first, up to the root.\n' +
      'With --lan-authority: the authority that browsers of the LAN and "canopy chat --ca" need, as PEM.',
    examples: [
      'canopy cert show --dir /srv/kyiv',
      'canopy cert show --pem --dir /srv/kyiv > chain.pem && openssl verify -CAfile chain.pem chain.pem',
      'canopy cert show --lan-authority --dir /srv/kyiv > lan.pem',
    ],
  })
    .addOption(dirOption(cli))
    .addOption(new Option('--pem', 'print PEM').default(false))
    .addOption(new Option('--lan-authority', "the LAN's authority instead of the overlay's chain").default(false))
    .addOption(jsonOption())
    .action(act('the certificates cannot be shown', (options: ShowOptions) => showCertificates(cli, options)));
}

async function showCertificates(cli: Cli, options: ShowOptions): Promise<void> {
  const directory = await openDataDirectory(options.dir);
  const ders = options.lanAuthority ? [await readLanAuthority(directory)] : await ownChain(directory);
  const pem = writePem('CERTIFICATE', ders);
  const certificates = ders.map(describe);
  if (options.json) printJson(cli, { certificates, ...(options.pem ? { pem } : {}) });
  else if (options.pem || options.lanAuthority) cli.stdout.write(pem);
  else printLines(cli, certificateLines(certificates));
}

async function ownChain(directory: DataDirectory): Promise<readonly Uint8Array[]> {
  const { programs } = await readRealmFile(directory);
  return readChain(directory[programs.includes('node') ? 'node' : 'relay']);
}

async function readLanAuthority(directory: DataDirectory): Promise<Uint8Array> {
  const pem = await readOptional(directory.lan.authority);
  const [der] = pem === undefined ? [] : readPem('CERTIFICATE', pem);
  if (der) return der;
  throw new LocalError('no-lan-authority', `${directory.lan.authority} is missing`, {
    hint: `Start the node once, it makes one: canopy start --dir ${directory.path}`,
  });
}

interface CertificateFacts {
  readonly subject: string;
  readonly uri: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly fingerprint: string;
}

function describe(der: Uint8Array): CertificateFacts {
  const certificate = new X509Certificate(der);
  const commonName = /CN=([^\n]*)/.exec(certificate.subject)?.[1] ?? certificate.subject;
  return {
    subject: commonName,
    uri: (certificate.subjectAltName ?? '').replace(/^URI:/, ''),
    serial: certificate.serialNumber.toLowerCase(),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    fingerprint: fingerprintOf(der),
  };
}

function certificateLines(certificates: readonly CertificateFacts[]): string[] {
  const now = Date.now();
  const rows = certificates.map(({ subject, notAfter, fingerprint }) => {
    const left = Date.parse(notAfter) - now;
    return [subject, left > 0 ? shortDuration(left) : 'expired', fingerprint];
  });
  return tableLines(['CERTIFICATE', 'ENDS IN', 'SHA-256'], rows);
}
