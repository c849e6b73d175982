// The whole matrix: two relays behind routers of each pair of the eight kinds, and the path that they end with. What the
// routers allow follows from their kinds; the table that is printed at the end tells what was seen, with times.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { LinkPath } from '../../src/overlay/links/links.ts';
import { LabPair } from '../overlay/links/lab-pair.ts';
import { Internet } from './internet.ts';
import { NAT_TYPES, type NatType } from './nat.ts';

/** A round of all ways ends by then; a link that stays relayed is judged after it. */
const SETTLED = 24_000;

/** Reached by plain TCP from everywhere that lets the port out. */
const REACHABLE: readonly NatType[] = ['open', 'full-cone'];
/** One outer port whoever is asked, so that both sides can meet. */
const PUNCHABLE: readonly NatType[] = ['port-restricted', 'cgnat', 'udp-blocked'];

function expected(a: NatType, b: NatType): LinkPath {
  if (a === 'tcp-443' || b === 'tcp-443') return 'relayed';
  if (REACHABLE.includes(a) || REACHABLE.includes(b)) return 'direct-tcp';
  return PUNCHABLE.includes(a) && PUNCHABLE.includes(b) ? 'direct-tcp' : 'relayed';
}

const internet = new Internet('matrix');
const region = internet.publicHost('region');
const rows: string[] = [];

for (const [index, a] of NAT_TYPES.entries()) {
  for (const b of NAT_TYPES.slice(index)) {
    const wanted = expected(a, b);
    test(`${a} and ${b}: ${wanted}`, { timeout: 90_000 }, async (t) => {
      const pair = new LabPair(internet, region, [a, b]);
      t.after(() => pair.stop());
      await pair.start(['tcp', 'tcp-punch', 'webrtc']);
      await pair.becomes(wanted === 'relayed' ? 'direct-tcp' : wanted, SETTLED);
      const times = pair.changes.map(({ kind, ms }) => `${kind} after ${ms} ms`).join(', ');
      rows.push(`| ${a} | ${b} | ${pair.changes.at(-1)?.kind} | ${times} |`);
      assert.equal(pair.changes.at(-1)?.kind, wanted);
    });
  }
}

after(() => {
  console.log(['| first | second | path | seen |', '|---|---|---|---|', ...rows].join('\n'));
});
