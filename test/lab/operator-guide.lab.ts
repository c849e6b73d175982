// The operator guide, followed to the letter: its shell blocks are run in order on the hosts that they name, with the
// addresses of the laboratory for its variables and with each printed token pasted into the next join. Then people of
// three branches write to each other.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { untilKnown } from './deployment.ts';
import { Internet } from './internet.ts';
import type { Namespace } from './namespace.ts';
import { Program } from './program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FIRST_PASSWORD = 'a first password, soon changed';
const COMMAND_LIMIT = 60_000;

interface Block {
  readonly host: string;
  readonly lines: readonly string[];
}

async function blocksOfGuide(): Promise<Block[]> {
  const text = await readFile(join(ROOT, 'docs/operator-guide.md'), 'utf8');
  return [...text.matchAll(/```sh host=(\w+)\n([\s\S]*?)```/g)].map(([, host = '', body = '']) => ({
    host,
    lines: body.trim().split('\n'),
  }));
}

const internet = new Internet('guide');
const region = internet.publicHost('region');
const enterprise = internet.publicHost('enterprise');
const kyiv = internet.site('kyiv', 'port-restricted');
const lviv = internet.site('lviv', 'port-restricted');
const odesa = internet.site('odesa', 'symmetric');

/** A branch's one host stands in the DMZ here: it serves the LAN and reaches the Internet through the router. */
const hosts: Readonly<Record<string, Namespace>> = {
  region: region.host,
  enterprise: enterprise.host,
  kyiv: kyiv.dmz,
  lviv: lviv.dmz,
  odesa: odesa.dmz,
};

const variables: Readonly<Record<string, string>> = {
  REGION: region.address,
  ENTERPRISE: enterprise.address,
  KYIV: kyiv.dmzAddress,
  LVIV: lviv.dmzAddress,
  ODESA: odesa.dmzAddress,
  FIRST_PASSWORD,
};

const folder = await mkdtemp(join(tmpdir(), 'canopy-guide-'));
const programs: Program[] = [];

after(
  async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  },
  { timeout: 60_000 },
);

/** Runs one line in a shell of the host, as typed. @returns what it printed on its standard output */
async function type(host: Namespace, line: string): Promise<string> {
  const env = {
    ...process.env,
    ...variables,
    NO_COLOR: '1',
    PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env['PATH']}`,
  };
  const child = host.spawn('sh', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const killer = setTimeout(() => child.kill('SIGKILL'), COMMAND_LIMIT);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(killer);
  assert.equal(code, 0, `${line}\n${stderr}${stdout}`);
  return stdout.trim();
}

test('the guide takes a reader from nothing to three branches', { timeout: 300_000 }, async (t) => {
  await mkdir(join(folder, 'bin'));
  await symlink(join(ROOT, 'cli/canopy.js'), join(folder, 'bin/canopy'));
  await chmod(join(ROOT, 'cli/canopy.js'), 0o755);
  let token = '';
  const printed = new Map<string, string>();

  for (const block of await blocksOfGuide()) {
    const host = hosts[block.host];
    assert.ok(host, `the guide names a host "${block.host}"`);
    for (const written of block.lines) {
      const line = written.replaceAll('/srv/canopy', join(folder, block.host)).replace('TOKEN', token);
      if (line.startsWith('canopy start')) {
        const dir = line.split(' ').at(-1) ?? '';
        const program = new Program(host, ['start', '--json', '--dir', dir]);
        programs.push(program);
        await program.line((said) => said['ready'] === true);
        continue;
      }
      const output = await type(host, line);
      if (line.startsWith('canopy invite')) token = output;
      printed.set(written, output);
      t.diagnostic(`${block.host}$ ${written}`);
    }
  }
  assert.match(printed.get('canopy cert show --lan-authority --dir /srv/canopy/kyiv') ?? '', /BEGIN CERTIFICATE/);
  assert.match(printed.get('canopy ping lviv.acme.ua --dir /srv/canopy/kyiv') ?? '', /direct-tcp|relayed/);
});

test('each branch hears of the users of the others by itself', { timeout: 120_000 }, async () => {
  const everybody = ['clerk@kyiv.acme.ua', 'engineer@lviv.acme.ua', 'captain@odesa.acme.ua'];
  for (const { name, dmz } of [kyiv, lviv, odesa]) await untilKnown(dmz, join(folder, name, name), everybody);
});

test('people of all three branches then write to each other', { timeout: 180_000 }, async () => {
  const people = [
    { login: 'clerk', branch: 'kyiv', site: kyiv },
    { login: 'engineer', branch: 'lviv', site: lviv },
    { login: 'captain', branch: 'odesa', site: odesa },
  ];
  const chats = await Promise.all(
    people.map(async ({ login, branch, site }) => {
      const ca = join(folder, `${branch}.pem`);
      const dir = join(folder, branch, branch);
      await writeFile(ca, `${await type(site.dmz, `canopy cert show --lan-authority --dir ${dir}`)}\n`);
      const server = `https://${site.dmzAddress}:8443`;
      const env = { CANOPY_PASSWORD: FIRST_PASSWORD, CANOPY_NEW_PASSWORD: `${login}: five lamps along the quay` };
      const args = ['chat', '--json', '--server', server, '--ca', ca, '--user', `${login}@${branch}.acme.ua`];
      const chat = new Program(site.dmz, args, env);
      programs.push(chat);
      await chat.line((line) => line['event'] === 'ready');
      return { chat, address: `${login}@${branch}.acme.ua` };
    }),
  );
  for (const from of chats) {
    for (const to of chats) {
      if (from === to) continue;
      const id = randomUUID();
      from.chat.send({ send: { id, to: to.address, text: `${from.address} greets ${to.address}` } });
      const arrived = await to.chat.line((line) => line['event'] === 'message' && line['id'] === id);
      assert.equal(arrived['from'], from.address);
    }
  }
});
