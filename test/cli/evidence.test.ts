// A report of a message is checked offline, up to the root; whatever is not as it was is refused.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { proveIdentity } from '../../cli/evidence/identity-proof.ts';
import { encodeContent } from '../../src/crypto/content.ts';
import { issueDeviceCertificate } from '../../src/crypto/device-certificate.ts';
import {
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  encodeReport,
  verifyEvidence,
} from '../../src/crypto/evidence.ts';
import { newSigningKey } from '../../src/crypto/identity.ts';
import { identityStatement } from '../../src/crypto/identity-statement.ts';
import { messageRoot, sealMessage } from '../../src/crypto/sealed-message.ts';
import { encodeChain } from '../../src/pki/chain.ts';
import { localSigner } from '../../src/pki/keys.ts';
import { encodeUserIdentity } from '../../src/protocols/ledger/people-kinds.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { houseUserId } from '../../src/realm/house-id.ts';
import { idText, parseConversationId, parseDeviceId, parseGroupId, parseMessageId } from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { systemRandom } from '../../src/realm/random.ts';
import { createFamily, type Family, NOW } from '../pki/family.ts';
import { canopy } from './run-cli.ts';

const LIMIT = { timeout: 60_000 };
const uuid = () => idText(systemRandom(16));

let directory: string;
let family: Family;
let evidence: Evidence;
let file: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'canopy-evidence-'));
  family = await createFamily();
  evidence = await report('Я цього не писав\u001b[2J');
  file = await save('good', encodeReport({ message: encodeEvidence(evidence) }));
});

after(() => rm(directory, { recursive: true, force: true }));

async function save(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, bytes);
  return path;
}

async function report(text: string): Promise<Evidence> {
  const [identity, signature, contentKey] = [
    newSigningKey(systemRandom),
    newSigningKey(systemRandom),
    systemRandom(32),
  ];
  const context = {
    conversation: parseConversationId(uuid()),
    message: parseMessageId(uuid()),
    sender: houseUserId(family.acme, systemRandom(6)),
    device: parseDeviceId(uuid()),
  };
  const { sender: user, device } = context;
  const validity = { sequence: 1, notBefore: NOW, notAfter: NOW + 1000 };
  const keys = { signatureKey: signature.publicKey, hpkeKey: systemRandom(32) };
  const certificate = issueDeviceCertificate(identity, { user, device, ...keys, ...validity });
  const head = { group: parseGroupId(uuid()), epoch: 4, seq: 2 };
  const content = encodeContent({ kind: 'text', text, sentAt: NOW });
  const said = { user, key: identity.publicKey, sequence: 1, time: NOW + 500 };
  const signed = await localSigner(family.keys.branch).sign(identityStatement(family.kyiv, said));
  return {
    context,
    body: await sealMessage(content, context, { ...head, contentKey, signature }),
    root: messageRoot(context, head, contentKey),
    certificate: certificate.bytes,
    realm: family.kyiv,
    statement: encodeUserIdentity({ ...said, signature: signed }),
    chain: encodeChain(family.branch),
  };
}

test('a report tells who wrote what with which device, vouched for by whom', LIMIT, async () => {
  const { code, stdout } = await canopy(['evidence', 'verify', file, '--root', family.rootFingerprint, '--json']);
  assert.equal(code, 0);
  const told = JSON.parse(stdout);
  assert.equal(told.schemaVersion, 1);
  assert.equal(told.verified && told.rootCompared, true);
  assert.equal(told.text, 'Я цього не писав\u001b[2J');
  assert.equal(told.sender, evidence.context.sender);
  assert.equal(told.device, evidence.context.device);
  assert.equal(told.identity.realm, 'kyiv.acme.ua');
  assert.deepEqual(
    told.authorities.map(({ realm }: { realm: string }) => realm),
    ['kyiv.acme.ua', 'acme.ua', 'ua', 'ua'],
  );
  assert.equal(told.root, family.rootFingerprint);
});

test(
  'without a root to compare with, a person is told to compare it, and sees no control characters',
  LIMIT,
  async () => {
    const { code, stdout } = await canopy(['evidence', 'verify', file]);
    assert.equal(code, 0);
    assert.match(stdout, /compare it/);
    assert.match(stdout, /Я цього не писав/);
    assert.ok(!stdout.includes('\u001b'));
  },
);

test('another root is refused', LIMIT, async () => {
  const { code, stderr } = await canopy(['evidence', 'verify', file, '--root', '0'.repeat(64)]);
  assert.equal(code, 5);
  assert.match(stderr, /proves nothing/);
});

test('what is no report, or no fingerprint, is told in words', LIMIT, async () => {
  const empty = await save('empty', new Uint8Array());
  assert.equal((await canopy(['evidence', 'verify', empty])).code, 1);
  assert.equal((await canopy(['evidence', 'verify', join(directory, 'none')])).code, 1);
  assert.equal((await canopy(['evidence', 'verify', file, '--root', 'abc'])).code, 2);
});

async function codeFor(altered: Partial<Evidence>): Promise<string> {
  try {
    await verifyEvidence(encodeEvidence({ ...evidence, ...altered }), (proof) =>
      proveIdentity(proof, family.rootFingerprint),
    );
    return 'verified';
  } catch (error) {
    return codeOf(error);
  }
}

test('a report that was altered is refused, with its reason', LIMIT, async () => {
  const other = await report('something else');
  const { context } = evidence;
  assert.equal(await codeFor({}), 'verified');
  assert.equal(await codeFor({ root: other.root }), 'commitment-wrong');
  assert.equal(await codeFor({ body: other.body }), 'signature-wrong');
  assert.equal(await codeFor({ certificate: other.certificate }), 'sender-other');
  assert.equal(await codeFor({ statement: other.statement }), 'identity-other');
  assert.equal(await codeFor({ realm: parseRealmName('lviv.acme.ua') }), 'identity-unsigned');
  assert.equal(await codeFor({ chain: encodeChain(family.enterprise) }), 'identity-unsigned');
  assert.equal(await codeFor({ context: { ...context, message: other.context.message } }), 'signature-wrong');
  assert.equal(await codeFor({ context: { ...context, sender: other.context.sender } }), 'sender-other');
});

test('a realm cannot vouch for a user of another house', LIMIT, async () => {
  const beta = houseUserId(parseRealmName('beta.ua'), systemRandom(6));
  const said = { user: beta, key: systemRandom(32), sequence: 1, time: NOW + 500 };
  const signature = await localSigner(family.keys.branch).sign(identityStatement(family.kyiv, said));
  assert.equal(await codeFor({ statement: encodeUserIdentity({ ...said, signature }) }), 'identity-foreign');
});

test('the same network made by somebody else is another root', LIMIT, async () => {
  const { branch } = await createFamily();
  assert.equal(await codeFor({ chain: encodeChain(branch) }), 'root-other');
});

test('every truncation of a report is refused', LIMIT, async () => {
  const bytes = encodeEvidence(evidence);
  assert.deepEqual(decodeEvidence(bytes), evidence);
  for (let length = 0; length < bytes.length; length += 7) {
    assert.throws(() => decodeEvidence(bytes.subarray(0, length)), { code: /frame-/ });
  }
});
