// What openssl refuses, we refuse: each extension of each certificate of a chain is left out, emptied, marked, or filled with something
// else, and ones are added that only openssl reads. Nothing of it may pass here that does not pass there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createWorld, forge, type Place, resign, TIME, type World } from '../../scripts/vectors-pki/forge.ts';
import { fingerprintOf, validateLeaf } from '../../src/pki/chain.ts';
import { type Der, readOid, readOne, readSequence, TAG, writeDer } from '../../src/pki/der.ts';
import { writePem } from '../../src/pki/pem.ts';
import { codeOf } from '../../src/realm/errors.ts';

const LIMIT = { timeout: 60_000 };
const ORDER = ['node', 'branch', 'enterprise', 'region', 'root'] as const;
const ISSUER = { node: 'branch', branch: 'enterprise', enterprise: 'region', region: 'root', root: 'root' } as const;
const EXTENSIONS = 7;
const EXTENSIONS_TAG = 0xa3;
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

type Edit = (list: readonly Uint8Array[]) => readonly Uint8Array[];

const partsOf = (extension: Uint8Array): Der[] => readSequence(extension, 'an extension');
const oidOf = (extension: Uint8Array): string => readOid(partsOf(extension)[0]?.content ?? new Uint8Array());

/** Replaces, by what `change` makes of it, the extension with this identifier. */
function on(oid: string, change: (extension: Uint8Array) => readonly Uint8Array[]): Edit {
  return (list) => list.flatMap((extension) => (oidOf(extension) === oid ? change(extension) : [extension]));
}

const dropped = (oid: string): Edit => on(oid, () => []);

function marked(oid: string, isCritical: boolean): Edit {
  const flag = isCritical ? [Uint8Array.of(TAG.boolean, 1, 0xff)] : [];
  return on(oid, (extension) => {
    const parts = partsOf(extension).map(({ whole }) => whole);
    return [writeDer(TAG.sequence, ...parts.slice(0, 1), ...flag, ...parts.slice(-1))];
  });
}

function filled(oid: string, value: (old: Uint8Array) => Uint8Array): Edit {
  return on(oid, (extension) => {
    const parts = partsOf(extension);
    const content = writeDer(TAG.octetString, value(parts.at(-1)?.content ?? new Uint8Array()));
    return [writeDer(TAG.sequence, ...parts.slice(0, -1).map(({ whole }) => whole), content)];
  });
}

/** Identifier and value, both as DER. */
const added =
  (oid: string, value: string): Edit =>
  (list) => [...list, writeDer(TAG.sequence, hex(oid), writeDer(TAG.octetString, hex(value)))];

const KNOWN = {
  'subject key identifier': '2.5.29.14',
  'authority key identifier': '2.5.29.35',
  'basic constraints': '2.5.29.19',
  'key usage': '2.5.29.15',
  'alternative name': '2.5.29.17',
  'extended key usage': '2.5.29.37',
  'name constraints': '2.5.29.30',
} as const;
const GARBAGE = '010203';

const EDITS: readonly (readonly [name: string, edit: Edit])[] = [
  ...Object.entries(KNOWN).flatMap(([name, oid]) => [
    [`no ${name}`, dropped(oid)] as const,
    [`${name}, critical`, marked(oid, true)] as const,
    [`${name}, not critical`, marked(oid, false)] as const,
    [`${name} of garbage`, filled(oid, () => hex(GARBAGE))] as const,
    [`${name}, an empty sequence`, filled(oid, () => hex('3000'))] as const,
    [`${name} with a byte after it`, filled(oid, (old) => Uint8Array.of(...old, 0))] as const,
  ]),
  [
    'another key identifier',
    filled(KNOWN['subject key identifier'], () => writeDer(TAG.octetString, new Uint8Array(20))),
  ],
  ['an empty key identifier', filled(KNOWN['subject key identifier'], () => hex('0400'))],
  ['a path length without the CA bit', filled(KNOWN['basic constraints'], () => hex('3003020100'))],
  ['a key usage of nine bits', filled(KNOWN['key usage'], (old) => Uint8Array.of(3, 3, 7, old[3] ?? 0, 0x80))],
  ['a key usage with unused bits set', filled(KNOWN['key usage'], (old) => Uint8Array.of(3, 2, 7, (old[3] ?? 0) | 1))],
  ['the Netscape type of a server', added('06096086480186f8420101', '03020640')],
  ['the Netscape type of a client', added('06096086480186f8420101', '03020780')],
  ['a proxy certificate', added('06082b0601050507010e', '300d02010030080606082b0601050507')],
  ['distribution points of garbage', added('0603551d1f', GARBAGE)],
  ['access information of garbage', added('06082b06010505070101', GARBAGE)],
  ['policies of garbage', added('0603551d20', GARBAGE)],
  ['policy constraints of garbage', added('0603551d24', GARBAGE)],
  ['inhibited policies of garbage', added('0603551d36', GARBAGE)],
  ["an issuer's other name of garbage", added('0603551d12', GARBAGE)],
  ['address blocks of garbage', added('06082b06010505070107', GARBAGE)],
  ['system numbers of garbage', added('06082b06010505070108', GARBAGE)],
  ['an unknown one without a value', added('06032a0304', '')],
];

let folder: string;
let world: World;
let rightful: Readonly<Record<Place, Uint8Array>>;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canopy-refuses-'));
  world = await createWorld();
  const [node, branch, enterprise, region, root] = await Promise.all(ORDER.map((place) => forge(world, place)));
  assert.ok(node && branch && enterprise && region && root);
  rightful = { node, branch, enterprise, region, root };
});

after(() => rm(folder, { recursive: true, force: true }));

/** The rightful chain with the extensions of one certificate edited, signed again by the rightful key. */
function chainWith(place: Place, edit: Edit): Uint8Array[] {
  const edited = resign(rightful[place], world.keys[ISSUER[place]], (fields) =>
    fields.map((field, index) => (index === EXTENSIONS ? editList(field, edit) : field)),
  );
  return ORDER.map((one) => (one === place ? edited : rightful[one]));
}

function editList(field: Uint8Array, edit: Edit): Uint8Array {
  const list = readSequence(readOne(field, EXTENSIONS_TAG, 'the extensions').content, 'the extensions');
  return writeDer(EXTENSIONS_TAG, writeDer(TAG.sequence, ...edit(list.map(({ whole }) => whole))));
}

async function ours(chain: readonly Uint8Array[]): Promise<string> {
  const rootFingerprint = fingerprintOf(chain.at(-1) ?? new Uint8Array());
  return validateLeaf(chain, { rootFingerprint, now: TIME }).then(() => 'ok', codeOf);
}

async function openssls(chain: readonly Uint8Array[]): Promise<string> {
  const file = async (name: string, ders: readonly Uint8Array[]): Promise<string> => {
    const path = join(folder, `${name}.pem`);
    await writeFile(path, writePem('CERTIFICATE', ders));
    return path;
  };
  const trusted = [
    '-CAfile',
    await file('root', chain.slice(-1)),
    '-untrusted',
    await file('above', chain.slice(1, -1)),
  ];
  const judged = ['-x509_strict', '-purpose', 'sslclient', '-attime', String(TIME / 1000)];
  const words = ['verify', ...judged, ...trusted, await file('leaf', chain.slice(0, 1))];
  return new Promise((resolve) => {
    execFile('openssl', words, { timeout: 20_000 }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` : 'ok'),
    );
  });
}

describe('what openssl refuses, we refuse', LIMIT, () => {
  test('the rightful chain is good to both', LIMIT, async () => {
    const chain = chainWith('node', (list) => list);
    assert.deepEqual([await ours(chain), await openssls(chain)], ['ok', 'ok']);
  });

  for (const place of ['node', 'branch', 'region', 'root'] as const) {
    test(`whatever the extensions of the ${place} are`, LIMIT, async () => {
      let refused = 0;
      for (const [name, edit] of EDITS) {
        const chain = chainWith(place, edit);
        const our = await ours(chain);
        if (our === 'ok') assert.equal(await openssls(chain), 'ok', `${place}: ${name}`);
        else assert.ok(our.startsWith('cert-') && refused++ < EDITS.length, `${place}: ${name}: ${our}`);
      }
      assert.ok(refused > 10 && refused < EDITS.length, `${refused} are refused`);
    });
  }
});
