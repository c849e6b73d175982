// `canopy doctor` on a realm that does not run.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from '../../../cli/demo/free-ports.ts';
import { canopy } from '../run-cli.ts';

interface Report {
  readonly findings: readonly { readonly check: string; readonly level: string; readonly what: string }[];
}

let dir = '';
let [lan = 0, wan = 0, stun = 0] = [0, 0, 0];
const folder = await mkdtemp(join(tmpdir(), 'canopy-doctor-'));

before(async () => {
  dir = join(folder, 'ua');
  [lan = 0, wan = 0, stun = 0] = await freePorts(3);
  const made = await canopy(['init', 'region', 'ua', '--dir', dir, '--announce', `127.0.0.1:${wan}`, '--json']);
  assert.equal(made.code, 0, made.stderr);
});

after(() => rm(folder, { recursive: true, force: true }));

async function doctor(): Promise<{ code: number; report: Report }> {
  const environment = {
    CANOPY_LAN: `127.0.0.1:${lan}`,
    CANOPY_WAN: `127.0.0.1:${wan}`,
    CANOPY_STUN: `127.0.0.1:${stun}`,
  };
  const { code, stdout } = await canopy(['doctor', '--json', '--dir', dir], { env: environment });
  return { code, report: JSON.parse(stdout) };
}

function levelOf(report: Report, check: string): string[] {
  return report.findings.filter((finding) => finding.check === check).map(({ level }) => level);
}

test('a realm that does not run has that one problem for each program, and its certificates and ports are found in order', async () => {
  const { code, report } = await doctor();
  assert.equal(code, 7);
  assert.deepEqual(
    report.findings.filter(({ level }) => level === 'problem').map(({ check }) => check),
    ['node', 'relay'],
  );
  for (const check of ['certificate-node', 'certificate-relay', 'certificate-authority', 'permissions', 'settings']) {
    assert.deepEqual(levelOf(report, check), ['ok'], check);
  }
  assert.deepEqual(levelOf(report, 'port'), ['ok', 'ok', 'ok']);
  assert.deepEqual(levelOf(report, 'root-key'), ['note']);
});

test('a key that others may read is named, with what to run', async () => {
  const key = join(dir, 'node', 'key.pem');
  await chmod(key, 0o644);
  try {
    const { report } = await doctor();
    const finding = report.findings.find(({ check }) => check === 'permissions');
    assert.equal(finding?.level, 'problem');
    assert.match(finding.what, /node\/key\.pem/);
  } finally {
    await chmod(key, 0o600);
  }
});

test('a port that somebody else has is named before the start', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen(lan, '127.0.0.1', resolve);
  });
  try {
    const { report } = await doctor();
    assert.deepEqual(levelOf(report, 'port').toSorted(), ['ok', 'ok', 'problem']);
  } finally {
    other.close();
  }
});
