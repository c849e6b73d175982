// Writes test/vectors/pki/chains.json: good and bad chains with the verdict that each must get, all made with new keys. Run it
// only when the certificates' profile changes; the vectors on disk are what keeps it from changing unnoticed.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { toString } from 'uint8arrays/to-string';
import { fingerprintOf } from '../src/pki/chain.ts';
import { authorityCases } from './vectors-pki/authority-cases.ts';
import { createWorld, forge, TIME } from './vectors-pki/forge.ts';
import { formCases } from './vectors-pki/form-cases.ts';
import { leafCases } from './vectors-pki/leaf-cases.ts';
import { shapeCases } from './vectors-pki/shape-cases.ts';
import type { Bench, Vector } from './vectors-pki/vector.ts';

const FOLDER = resolve(import.meta.dirname, '../test/vectors/pki');
const ID_LENGTH = 12;

const world = await createWorld();
const rightful = {
  root: await forge(world, 'root'),
  region: await forge(world, 'region'),
  enterprise: await forge(world, 'enterprise'),
  branch: await forge(world, 'branch'),
  node: await forge(world, 'node'),
};
const bench: Bench = { world, rightful };
const vectors = [
  ...(await leafCases(bench)),
  ...(await shapeCases(bench)),
  ...(await authorityCases(bench)),
  ...(await formCases(bench)),
];

const certificates = new Map<string, string>();
function idOf(der: Uint8Array): string {
  const id = createHash('sha256').update(der).digest('hex').slice(0, ID_LENGTH);
  certificates.set(id, toString(der, 'base64'));
  return id;
}

function plain({ chain, root, ...rest }: Vector): object {
  return {
    ...rest,
    rootFingerprint: fingerprintOf(root ?? rightful.root),
    root: idOf(root ?? rightful.root),
    chain: chain.map(idOf),
  };
}

const document = { time: TIME, vectors: vectors.map(plain), certificates: Object.fromEntries(certificates) };
await mkdir(FOLDER, { recursive: true });
await writeFile(resolve(FOLDER, 'chains.json'), `${JSON.stringify(document, undefined, 1)}\n`);
console.log(`${vectors.length} chains, ${vectors.filter(({ expect }) => expect !== 'ok').length} of them bad`);
