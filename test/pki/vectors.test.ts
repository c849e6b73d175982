// Good and bad chains, fixed on disk, before our own validation and before openssl: what openssl refuses we refuse, and where
// we are stricter the vector says why.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fromString } from 'uint8arrays/from-string';
import { PathMemory, validateAuthority, validateLeaf } from '../../src/pki/chain.ts';
import { writePem } from '../../src/pki/pem.ts';
import { RefusedError } from '../../src/realm/errors.ts';

interface Vector {
  readonly name: string;
  readonly expect: string;
  readonly stricter?: string;
  readonly subject: 'leaf' | 'authority';
  readonly rootFingerprint: string;
  readonly root: string;
  readonly chain: readonly string[];
}

interface Vectors {
  readonly time: number;
  readonly vectors: readonly Vector[];
  readonly certificates: Readonly<Record<string, string>>;
}

const FILE = join(import.meta.dirname, '../vectors/pki/chains.json');
const { time, vectors, certificates }: Vectors = JSON.parse(readFileSync(FILE, 'utf8'));
const directory = mkdtempSync(join(tmpdir(), 'canopy-vectors-'));
const memory = new PathMemory();
const judge = spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout ?? '';
/** Later versions may refuse more, and so make a `stricter` untrue; they may never take less than we take. */
const isReferenceJudge = judge.startsWith('OpenSSL 3.0');

function der(id: string): Uint8Array {
  return fromString(certificates[id] ?? '', 'base64');
}

async function ourVerdict(vector: Vector, remembered: boolean): Promise<string> {
  const trust = { rootFingerprint: vector.rootFingerprint, now: time, ...(remembered ? { memory } : {}) };
  const validate = vector.subject === 'leaf' ? validateLeaf : validateAuthority;
  try {
    await validate(vector.chain.map(der), trust);
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof RefusedError, `${vector.name}: ${error}`);
    return error.code;
  }
}

/** `openssl verify` with its strict checks; a leaf must serve a TLS client. */
function opensslVerdict(vector: Vector, index: number): Promise<'ok' | string> {
  const file = (name: string, ids: readonly string[]) => {
    const path = join(directory, `${index}-${name}.pem`);
    writeFileSync(path, writePem('CERTIFICATE', ids.map(der)));
    return path;
  };
  const [first = '', ...rest] = vector.chain;
  const purpose = vector.subject === 'leaf' ? ['-purpose', 'sslclient'] : [];
  const above = rest.length === 0 ? [] : ['-untrusted', file('above', rest)];
  const trusted = ['-CAfile', file('root', [vector.root]), ...above];
  const options = [
    'verify',
    '-x509_strict',
    ...purpose,
    '-attime',
    String(time / 1000),
    ...trusted,
    file('first', [first]),
  ];
  return new Promise((resolve) => {
    execFile('openssl', options, { timeout: 20_000 }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` : 'ok'),
    );
  });
}

after(() => rmSync(directory, { recursive: true, force: true }));

describe('chains on disk', { timeout: 120_000 }, () => {
  for (const [index, vector] of vectors.entries()) {
    const verdict = vector.expect === 'ok' ? 'is taken' : `is refused as ${vector.expect}`;
    test(`${vector.name} ${verdict}`, async () => {
      assert.equal(await ourVerdict(vector, false), vector.expect);
      assert.equal(await ourVerdict(vector, true), vector.expect, 'with remembered paths');
      if (judge === '') return;
      const openssl = await opensslVerdict(vector, index);
      const taken = vector.expect === 'ok' || vector.stricter !== undefined;
      if (isReferenceJudge || openssl === 'ok' || vector.expect === 'ok') {
        assert.equal(openssl === 'ok', taken, `openssl says: ${openssl}`);
      }
    });
  }

  test('openssl is here to judge', (t) => {
    if (judge === '') t.skip('no openssl on this machine: chains were judged by our own validation alone');
  });

  test('every rule has a vector', () => {
    assert.ok(vectors.filter(({ expect }) => expect !== 'ok').length >= 30);
    assert.equal(new Set(vectors.map(({ name }) => name)).size, vectors.length);
  });
});
