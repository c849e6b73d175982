// A group of a thousand devices: what its steps take and how large their messages are, as one JSON document.
//
//   node scripts/bench/mls-group.ts [--devices 1000] [--compare]
//
// With --compare the join is done once more with the library as it was before our patch (taken back in a copy of it): both read the
// same welcome and validate the same tree, one after the other in one run.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { emptyPskIndex, joinGroup } from 'ts-mls';
import { issueDeviceCertificate } from '../../src/crypto/device-certificate.ts';
import { newSigningKey } from '../../src/crypto/identity.ts';
import { CertificateReader } from '../../src/crypto/mls/certificate-reader.ts';
import { decodeShown } from '../../src/crypto/mls/group-info.ts';
import type { Welcomed } from '../../src/crypto/mls/joining.ts';
import { type MadeKeyPackage, makeKeyPackage, readPrivatePart } from '../../src/crypto/mls/key-package.ts';
import { type CommitOffer, MlsGroup } from '../../src/crypto/mls/mls-group.ts';
import { clientConfig, type GroupParts, type OwnDevice } from '../../src/crypto/mls/parts.ts';
import { MAX_ADDED, SUITE } from '../../src/crypto/mls/suite.ts';
import { asMlsWelcome, readWelcome } from '../../src/crypto/mls/welcome.ts';
import { sealMessage } from '../../src/crypto/sealed-message.ts';
import {
  idText,
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseMessageId,
  parseUserId,
} from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { systemRandom } from '../../src/realm/random.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const uuid = () => idText(systemRandom(16));
const { values } = parseArgs({
  options: { devices: { type: 'string', default: '1000' }, compare: { type: 'boolean', default: false } },
});
const DEVICES = Number(values.devices);
const conversation = parseConversationId(uuid());
const figures: Record<string, number> = {};

/** Two devices a user, as people have them. */
function makeDevices(): OwnDevice[] {
  const now = Date.now();
  return Array.from({ length: DEVICES / 2 }, () => {
    const [identity, user] = [newSigningKey(systemRandom), parseUserId(uuid())];
    return [0, 1].map((): OwnDevice => {
      const signature = newSigningKey(systemRandom);
      const keys = { signatureKey: signature.publicKey, hpkeKey: systemRandom(32) };
      const dates = { sequence: 1, notBefore: now - 1000, notAfter: now + 86_400_000 };
      return {
        certificate: issueDeviceCertificate(identity, { user, device: parseDeviceId(uuid()), ...keys, ...dates }),
        signature,
      };
    });
  }).flat();
}

/** A client that has seen none of the others before. */
function partsOf(me: OwnDevice): GroupParts {
  return {
    me,
    checks: { device: () => 'good' },
    certificates: new CertificateReader(),
    clock: { now: () => Date.now() },
  };
}

async function timed<T>(name: string, step: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await step();
  figures[`${name} ms`] = Math.round(performance.now() - start);
  return result;
}

function sizes(name: string, { commit, groupInfo, welcomes }: CommitOffer): void {
  figures[`${name} commit bytes`] = commit.length;
  figures[`${name} group info bytes`] = groupInfo.length;
  if (welcomes[0]) figures[`${name} welcome bytes`] = welcomes[0].body.length;
}

async function growTo(group: MlsGroup, packages: readonly MadeKeyPackage[]): Promise<MlsGroup> {
  let grown = group;
  for (let from = 0; from < packages.length; from += MAX_ADDED) {
    const add = packages.slice(from, from + MAX_ADDED).map(({ publicPart }) => publicPart);
    const offer = await grown.commit({ add });
    sizes('create, largest', offer);
    grown = offer.accept();
  }
  return grown;
}

/** The library's own join, without our looks, so that nothing but the patch differs. */
async function bareJoin(join: typeof joinGroup, given: Welcomed, parts: GroupParts): Promise<void> {
  const shown = decodeShown(given.groupInfo);
  const { publicPackage, privatePackage } = readPrivatePart(given.keyPackage, parts.me);
  const welcome = asMlsWelcome(readWelcome(given.welcome), shown.welcomed);
  await join(welcome, publicPackage, privatePackage, emptyPskIndex, SUITE, shown.tree, undefined, clientConfig(parts));
}

async function compare(given: Welcomed, me: OwnDevice): Promise<void> {
  const copy = mkdtempSync(join(ROOT, 'node_modules/.mls-bench-'));
  try {
    const library = join(copy, 'node_modules/ts-mls');
    cpSync(join(ROOT, 'node_modules/ts-mls'), library, { recursive: true });
    execFileSync('patch', ['-R', '-s', '-p1', '-i', join(ROOT, 'patches/ts-mls+1.6.4.patch')], { cwd: copy });
    const before: { joinGroup: typeof joinGroup } = await import(
      pathToFileURL(join(library, 'dist/src/index.js')).href
    );
    await timed('join, library patched', () => bareJoin(joinGroup, given, partsOf(me)));
    await timed('join, library unpatched', () => bareJoin(before.joinGroup, given, partsOf(me)));
    const [slow = 0, fast = 1] = [figures['join, library unpatched ms'], figures['join, library patched ms']];
    figures['join, unpatched to patched'] = Math.round((slow / fast) * 10) / 10;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const devices = makeDevices();
const [first, second] = devices;
const last = devices.at(-1);
if (!first || !second || !last) throw new Error('a group has at least two devices');
const packages = await timed('key packages of all', async () => {
  const made: MadeKeyPackage[] = [];
  for (const device of devices.slice(1)) made.push(await makeKeyPackage(device, Date.now()));
  return made;
});
const users = [...new Set(devices.map(({ certificate }) => certificate.user))];
const members = users.map((user, at) => ({ user, role: at === 0 ? ('owner' as const) : ('member' as const) }));
const roster = { kind: 'group' as const, home: parseRealmName('kyiv.acme.ua'), term: 0, members };
const begun = await MlsGroup.create({ group: parseGroupId(uuid()), conversation, roster }, partsOf(first));

let group = await timed('create and add all but one', () => growTo(begun, packages.slice(0, -1)));
const fresh = await timed('new keys', () => group.commit());
sizes('new keys', fresh);
group = fresh.accept();

const remaining = packages.at(-1);
if (!remaining) throw new Error('a group has at least two devices');
const added = await timed('add one', () => group.commit({ add: [remaining.publicPart] }));
sizes('add one', added);
group = added.accept();
const welcome = added.welcomes[0]?.body ?? new Uint8Array();
const given = { conversation, welcome, groupInfo: added.groupInfo, keyPackage: remaining.privatePart };
let joined = await timed('join', () => MlsGroup.joinByWelcome(given, partsOf(last)));
if (values.compare) await compare(given, last);

const { user, device } = second.certificate;
const removed = await timed('remove one', () => group.commit({ remove: [{ user, device }] }));
sizes('remove one', removed);
const followed = await timed('follow a removal', () => joined.process(removed.commit, Date.now()));
if (!followed.next) throw new Error('the wrong device was removed');
joined = followed.next;
group = removed.accept();

const outside = await timed('join from outside', () =>
  MlsGroup.joinExternal({ conversation, groupInfo: removed.groupInfo }, partsOf(second)),
);
sizes('join from outside', outside);

const state = await timed('store', async () => group.encode());
figures['state bytes'] = state.length;
const contentKey = await group.contentKey();
const context = {
  conversation,
  message: parseMessageId(uuid()),
  sender: first.certificate.user,
  device: first.certificate.device,
};
const text = new TextEncoder().encode('x'.repeat(200));
const keys = { group: group.group, epoch: group.epoch, seq: 1, contentKey, signature: first.signature };
const body = await timed('send', () => sealMessage(text, context, keys));
figures['send, 200 bytes sealed'] = body.length;

console.log(JSON.stringify({ devices: DEVICES, node: process.version, cpu: cpus()[0]?.model, figures }, undefined, 2));
