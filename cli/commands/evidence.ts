// canopy evidence verify: whether a report of a message proves who wrote it, without asking any server.
import { type Command, Option } from 'commander';
import type { Content } from '../../src/crypto/content.ts';
import { type VerifiedEvidence, type VerifiedReport, verifyReport } from '../../src/crypto/evidence.ts';
import type { FileCard } from '../../src/crypto/files/file-card.ts';
import { InputError } from '../../src/realm/errors.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, jsonOption, makeCommand } from '../command.ts';
import { proveIdentity, type RootedIdentity } from '../evidence/identity-proof.ts';
import { readGivenFile } from '../given-file.ts';

interface VerifyOptions {
  readonly json: boolean;
  readonly root?: string;
}

type Verified = VerifiedEvidence<RootedIdentity>;
type Report = VerifiedReport<RootedIdentity>;

const FINGERPRINT = /^[0-9a-f]{64}$/;
const LIMITS =
  "This proves content and author. When it was written is what the sender's clock said; that the device was not stolen is not proven.";

export function evidenceCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'evidence',
    summary: 'Reports that prove who wrote a message',
    examples: ['canopy evidence verify report.canopy-evidence --root 3f9c…'],
  }).addCommand(verifyCommand(cli));
}

function verifyCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'verify',
    summary: 'Check a report, offline',
    details:
      "The message was sealed and signed by a device, the device certified by a person's identity, the identity vouched for by " +
      'a realm, the realm certified by those above it up to a root. Ends with 1 when the message is not what it says, with 5 when ' +
      'a signature or certificate of the realm is not good, or the root is not the one that --root names.',
    examples: [
      'canopy evidence verify report.canopy-evidence',
      'canopy evidence verify report.canopy-evidence --root 3f9c…            the root must have this fingerprint',
      'canopy evidence verify report.canopy-evidence --json',
    ],
  })
    .argument('<file>', 'the report, as a client saved it')
    .addOption(new Option('--root <fingerprint>', "SHA-256 of the root's certificate, as `canopy cert show` lists it"))
    .addOption(jsonOption())
    .action(act('the report proves nothing', (file: string, options: VerifyOptions) => verifyFile(cli, file, options)));
}

async function verifyFile(cli: Cli, file: string, { json, root }: VerifyOptions): Promise<void> {
  const expected = root?.toLowerCase().replaceAll(':', '');
  if (expected !== undefined && !FINGERPRINT.test(expected)) {
    throw new InputError('bad-fingerprint', `"${root}" is not a fingerprint; expected 64 hexadecimal digits`);
  }
  const report = await verifyReport(await readGivenFile(file), (proof) => proveIdentity(proof, expected));
  if (json) printJson(cli, { verified: true, rootCompared: expected !== undefined, ...reportJson(report) });
  else printLines(cli, reportLines(report, expected !== undefined));
}

function reportJson({ message, change }: Report) {
  return { ...asJson(message), ...(change && { changed: asJson(change) }) };
}

function reportLines({ message, change }: Report, compared: boolean): string[] {
  const changed = change ? ['', 'Its author changed it since:', '', ...lines(change, compared)] : [];
  return [...lines(message, compared), ...changed, LIMITS];
}

function asJson({ context, head, certificate, identity, content }: Verified) {
  const { authority } = identity;
  return {
    conversation: context.conversation,
    message: context.message,
    sender: context.sender,
    device: context.device,
    group: head.group,
    epoch: head.epoch,
    sequence: head.seq,
    sentAt: new Date(content.sentAt).toISOString(),
    kind: content.kind,
    ...(textOf(content) !== undefined && { text: textOf(content) }),
    ...('target' in content && { target: content.target }),
    ...('file' in content && content.file && { file: fileOf(content.file) }),
    deviceCertificate: {
      sequence: certificate.sequence,
      notBefore: new Date(certificate.notBefore).toISOString(),
      notAfter: new Date(certificate.notAfter).toISOString(),
    },
    identity: {
      key: Buffer.from(identity.key).toString('hex'),
      realm: authority.realm,
      sequence: identity.sequence,
      statedAt: new Date(identity.time).toISOString(),
    },
    authorities: [authority, ...authority.authorities].map(({ realm, tier, serial }) => ({ realm, tier, serial })),
    root: identity.root,
  };
}

function lines({ context, certificate, identity, content }: Verified, compared: boolean): string[] {
  const { authority } = identity;
  const text = textOf(content);
  const above = [authority, ...authority.authorities].map(({ realm, tier }) => `${realm} (${tier})`);
  return [
    `message     ${context.message}`,
    `written by  ${context.sender} of ${authority.realm}`,
    `with        device ${context.device}, certificate ${certificate.sequence}`,
    `at          ${new Date(content.sentAt).toISOString()}, by the sender's clock`,
    `content     ${content.kind}${'target' in content ? ` of ${content.target}` : ''}`,
    ...('file' in content && content.file
      ? [`  file ${printable(content.file.name)}, ${content.file.size} bytes`]
      : []),
    ...(text === undefined ? [] : text.split('\n').map((line) => `  | ${printable(line)}`)),
    `identity    ${Buffer.from(identity.key).toString('hex')}, stated ${new Date(identity.time).toISOString()}`,
    `vouched by  ${above.join(', ')}`,
    `root        ${identity.root}${compared ? '' : '  (compare it with the root of your network, or give it as --root)'}`,
  ];
}

function textOf(content: Content): string | undefined {
  return 'text' in content ? content.text : undefined;
}

/** `digest`: of its content, as docs/protocols/files.md makes it. */
function fileOf({ name, size, type, hash }: FileCard) {
  return { name, size, type, digest: Buffer.from(hash).toString('hex') };
}

/** A message may hold what a terminal takes for commands, or what turns the order of letters round. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}|\p{Bidi_Control}/gu, '\ufffd');
}
