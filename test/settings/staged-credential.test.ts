// A key and its chain are replaced whole or not at all, whatever write is the last one before the power goes.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataDirectory, exists } from '../../src/settings/data-directory.ts';
import {
  type CredentialDisk,
  commitReplacement,
  credentialDisk,
  finishReplacement,
  replaceCredential,
} from '../../src/settings/staged-credential.ts';

const LIMIT = { timeout: 60_000 };
const OLD = { keyPem: 'old key', chainPem: 'old chain' };
const NEW = { keyPem: 'new key', chainPem: 'new chain' };
let folder: string;
let count = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canopy-staged-'));
});

after(() => rm(folder, { recursive: true, force: true }));

/** Ends at the step with this number: before it, or with half of a file beside its place, as a real write leaves it. */
class CutDisk implements CredentialDisk {
  steps = 0;
  readonly #last: number;
  readonly #isTorn: boolean;

  constructor(last: number, isTorn: boolean) {
    this.#last = last;
    this.#isTorn = isTorn;
  }

  read(path: string): Promise<string | undefined> {
    return credentialDisk.read(path);
  }

  async write(path: string, content: string): Promise<void> {
    if (this.steps++ !== this.#last) return credentialDisk.write(path, content);
    if (this.#isTorn && (await exists(join(path, '..')))) await writeFile(`${path}.new`, content.slice(0, 3));
    throw new Error('the power is gone');
  }

  async remove(path: string): Promise<void> {
    if (this.steps++ === this.#last) throw new Error('the power is gone');
    return credentialDisk.remove(path);
  }
}

async function begun(role: 'node' | 'authority') {
  const files = dataDirectory(join(folder, String(count++)))[role];
  await credentialDisk.write(files.key, OLD.keyPem);
  await credentialDisk.write(files.chain, OLD.chainPem);
  return files;
}

async function pairIn(files: { readonly key: string; readonly chain: string }) {
  return { keyPem: await credentialDisk.read(files.key), chainPem: await credentialDisk.read(files.chain) };
}

describe('replacing a key and its chain', LIMIT, () => {
  for (const role of ['node', 'authority'] as const) {
    test(`cut at any write, the ${role} has the old pair or the new one, whole`, LIMIT, async () => {
      const outcomes = new Set<string>();
      for (const isTorn of [false, true]) {
        for (let last = 0; ; last++) {
          const files = await begun(role);
          const disk = new CutDisk(last, isTorn);
          const cut = await replaceCredential(files, NEW, disk).then(
            () => false,
            () => true,
          );
          await finishReplacement(files);
          const pair = await pairIn(files);
          assert.deepEqual(pair, pair.keyPem === NEW.keyPem ? NEW : OLD, `cut at ${last}`);
          const isNew = pair.keyPem === NEW.keyPem;
          outcomes.add(isNew ? 'new' : 'old');
          if ('old' in files) assert.deepEqual(await pairIn(files.old), isNew ? OLD : NOTHING, `cut at ${last}`);
          assert.equal(await exists(files.next.chain), false);
          if (!cut) break;
          assert.ok(last < 20, 'it never ends');
        }
      }
      assert.deepEqual([...outcomes].sort(), ['new', 'old']);
    });

    test(`cut again while the ${role} is put right, it is put right the next time`, LIMIT, async () => {
      for (let last = 0; last < 9; last++) {
        const files = await begun(role);
        // Everything is written beside, and nothing is in its place.
        await credentialDisk.write(files.next.key, NEW.keyPem);
        await assert.rejects(commitReplacement(files, NEW.chainPem, new CutDisk(1, false)));
        await finishReplacement(files, new CutDisk(last, true)).catch(() => {});
        await finishReplacement(files);
        assert.deepEqual(await pairIn(files), NEW);
        if ('old' in files) assert.deepEqual(await pairIn(files.old), OLD);
      }
    });
  }

  test('a key alone, which nobody has certified, changes nothing and stays', LIMIT, async () => {
    const files = await begun('authority');
    await credentialDisk.write(files.next.key, NEW.keyPem);
    assert.equal(await finishReplacement(files), false);
    assert.deepEqual(await pairIn(files), OLD);
    assert.equal(await readFile(files.next.key, 'utf8'), NEW.keyPem);
  });

  test('all files are for their owner alone', LIMIT, async () => {
    const files = await begun('authority');
    await replaceCredential(files, NEW);
    assert.ok('old' in files);
    for (const path of [files.key, files.chain, files.old.key, files.old.chain])
      assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(files.old.folder)).mode & 0o777, 0o700);
  });
});

const NOTHING = { keyPem: undefined, chainPem: undefined };
