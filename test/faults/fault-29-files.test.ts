// Fault cases 29 and 30: names that are paths, empty and enormous files, wrong hashes; other people's files, and a reader who is no
// member any more. Against a whole realm over its LAN.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DiskSink, openSource, plainName } from '../../cli/chat/disk-files.ts';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { FileClient } from '../../node/admin/file-api.ts';
import { AuditLog } from '../../node/audit/audit-log.ts';
import { SEALED_CHUNK } from '../../src/crypto/files/sizes.ts';
import { uploadAnswer } from '../../src/protocols/lan/file-routes.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { openDatabase } from '../../src/store/database.ts';
import { FilePerson } from '../lab/file-person.ts';
import { Tree } from './whole-realm.ts';

const LIMIT = { timeout: 60_000 };

describe('files over a LAN', LIMIT, () => {
  let tree: Tree;
  let folder: string;
  let [clerk, cook, smith]: FilePerson[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'canopy-files-'));
    tree = await Tree.plant();
    await tree.grow(['ua', 'region']);
    const realm = tree.at('ua');
    clerk = await FilePerson.enter(realm, 'clerk');
    cook = await FilePerson.enter(realm, 'cook');
    smith = await FilePerson.enter(realm, 'smith');
  }, LIMIT);
  after(async () => {
    await tree?.fell();
    await rm(folder, { recursive: true, force: true });
  });

  const people = () => {
    assert.ok(clerk && cook && smith);
    return { clerk, cook, smith };
  };

  async function sent(name: string, content: Uint8Array) {
    const { clerk, cook } = people();
    const path = join(folder, 'source');
    await writeFile(path, content);
    const source = await openSource(path);
    const card = await clerk.files.upload({ ...source, name });
    await source.close();
    await clerk.send(cook.user, card);
    return card;
  }

  test(
    'an empty file and one of any bytes arrive as they were, and nothing of them is unpacked or named on the server',
    LIMIT,
    async () => {
      const { cook } = people();
      for (const content of [new Uint8Array(), Buffer.from('PK\u0003\u0004 <script>alert(1)</script>')]) {
        const card = await sent('../../../etc/cron.d/evil.zip', content);
        const sink = new DiskSink(folder, card.name, card.blob);
        await cook.files.download(card, sink);
        assert.ok(sink.path?.startsWith(`${folder}/`) && !sink.path.slice(folder.length + 1).includes('/'), sink.path);
        assert.deepEqual(new Uint8Array(await readFile(sink.path ?? '')), new Uint8Array(content));
        const stored = await readdir(join(tree.at('ua').dir, 'node', 'blobs'), { recursive: true });
        assert.ok(
          stored.every((name) => /^(up|in|[0-9a-f]{2}(\/[0-9a-f]{64}\.(blob|list))?)$/.test(name)),
          String(stored),
        );
      }
    },
  );

  test('a name from another person never leaves the folder, hides or deceives', () => {
    for (const name of ['../../x', '/etc/passwd', 'C:\\x', '.bashrc', 'con', 'a\u202egpj.exe', ' ', '..', 'x\u0000y']) {
      const plain = plainName(name);
      assert.ok(!/[/\\\p{Cc}\p{Cf}:]|^\.|^$/u.test(plain), JSON.stringify([name, plain]));
    }
  });

  test('what is no id is unknown, whatever path it tries', LIMIT, async () => {
    const { clerk } = people();
    for (const id of ['..%2f..%2f..%2fetc%2fpasswd', '%2e%2e', 'A'.repeat(64), `${'a'.repeat(64)}%00`, 'x']) {
      for (const path of [`/blobs/${id}`, `/uploads/${id}`]) {
        const code = await clerk.http.range(path, 0, 1).then(() => 'given', codeOf);
        assert.ok(['blob-unknown', 'upload-unknown', 'not-found'].includes(code), `${path} ${code}`);
      }
    }
  });

  test('a file of more than the limit is refused before it is sent', LIMIT, async () => {
    const { clerk } = people();
    const size = 40_000 * SEALED_CHUNK;
    await assert.rejects(clerk.http.post('/uploads', { size }, uploadAnswer), { code: 'file-too-long' });
    await assert.rejects(clerk.http.post('/uploads', { size: 2 ** 60 }, uploadAnswer), { code: 'request-malformed' });
  });

  test('an upload that is not what it is said to be is refused, and nothing of it stays', LIMIT, async () => {
    const { clerk } = people();
    const before = (await new FileClient(tree.at('ua').admin).usage()).all;
    const { upload } = await clerk.http.post('/uploads', { size: 100 }, uploadAnswer);
    await clerk.http.postBytes(`/uploads/${upload}?offset=0`, new Uint8Array(100), uploadAnswer);
    const wrong = clerk.http.post(`/uploads/${upload}/finish`, { blob: 'ab'.repeat(32) }, uploadAnswer);
    await assert.rejects(wrong, { code: 'blob-mismatch' });
    assert.deepEqual((await new FileClient(tree.at('ua').admin).usage()).all, before);
  });

  test(
    "another person's file and upload do not exist for whoever is no member, and asking is written down",
    LIMIT,
    async () => {
      const { clerk, cook, smith } = people();
      const card = await sent('secret.txt', Buffer.from('for two'));
      await cook.files.part(card, 0, 7);
      await assert.rejects(smith.files.part(card, 0, 7), { code: 'blob-unknown' });
      const { upload } = await clerk.http.post('/uploads', { size: 100 }, uploadAnswer);
      await assert.rejects(smith.http.get(`/uploads/${upload}`, uploadAnswer), { code: 'upload-unknown' });
      // Sending on what one cannot read gives nobody the right to it.
      await assert.rejects(smith.send(smith.user, card), /blob-unknown/);
    },
  );

  test('an answer says nothing of what the bytes are, and gives the part that was asked for', LIMIT, async () => {
    const { cook } = people();
    const card = await sent('page.html', Buffer.from('<script>alert(1)</script>'));
    const { fetch } = nodePlatform();
    const ask = async (headers: Record<string, string>, method = 'GET') => {
      const url = `${tree.at('ua').url}/api/v1/blobs/${card.blob}`;
      return fetch(url, { method, headers: { authorization: `Bearer ${cook.token}`, ...headers } });
    };
    const whole = await ask({});
    assert.equal(whole.status, 200);
    assert.equal(whole.headers.get('content-type'), 'application/octet-stream');
    assert.equal(whole.headers.get('x-content-type-options'), 'nosniff');
    assert.match(whole.headers.get('content-disposition') ?? '', /^attachment; filename="[0-9a-f]{64}"$/);
    const part = await ask({ range: 'bytes=3-5' });
    assert.deepEqual([part.status, part.headers.get('content-range')], [206, `bytes 3-5/${card.size + 16}`]);
    assert.deepEqual(await part.arrayBuffer(), (await whole.arrayBuffer()).slice(3, 6));
    assert.equal((await ask({ range: 'bytes=5000-' })).status, 416);
    assert.equal((await ask({ range: 'bytes=1-2,4-5' })).status, 200);
    const head = await ask({}, 'HEAD');
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(card.size + 16)]);
    assert.equal((await head.arrayBuffer()).byteLength, 0);
  });

  test('who asked for what is in the audit log', LIMIT, async () => {
    const realm = tree.at('ua');
    await realm.stopNode();
    const database = await openDatabase(join(realm.dir, 'node', 'db'));
    try {
      const records = await new AuditLog({ database, clock: systemClock }).tail(200);
      const refused = records.filter(({ code }) => code === 'access-refused');
      for (const what of ['blob', 'upload']) {
        assert.ok(
          refused.some(({ actor, fields }) => actor === 'smith@ua' && fields?.['what'] === what),
          what,
        );
      }
    } finally {
      await database.close();
      await realm.startNode();
    }
  });
});
