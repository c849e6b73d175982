// canopy route: the way of a message as an operator reads it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeLines } from '../../cli/commands/route.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const [KYIV, ACME, UA, BETA, ODESA] = ['kyiv.acme.ua', 'acme.ua', 'ua', 'beta.ua', 'odesa.beta.ua'].map(parseRealmName);
const AT = Date.UTC(2026, 10, 18, 14, 2, 11, 310);

test('each step stands on a line with its time, and what it waits for below', () => {
  assert.ok(KYIV && ACME && UA && BETA && ODESA);
  const leg = {
    realm: ODESA,
    way: 'tree',
    state: 'in-custody',
    steps: [
      { kind: 'accepted', realm: KYIV, at: AT },
      { kind: 'held', realm: ACME, at: AT + 42 },
      { kind: 'passed', realm: ACME, at: AT + 80 },
      { kind: 'held', realm: UA, at: AT + 78 },
    ],
    stuck: { realm: UA, next: BETA, code: 'no-path', since: AT - 60_000 },
  } as const;
  const way = {
    id: '7f6f1d2e-52a4-4f0e-9d0b-7d3a5b1c9e11',
    sender: 'clerk@kyiv.acme.ua',
    legs: [{ ...leg, steps: [...leg.steps] }],
  };
  assert.deepEqual(routeLines(way), [
    'message 7f6f1d2e-52a4-4f0e-9d0b-7d3a5b1c9e11 of clerk@kyiv.acme.ua',
    '',
    'to odesa.beta.ua  in custody',
    '  TIME                      REALM         WHAT',
    '  2026-11-18T14:02:11.310Z  kyiv.acme.ua  accepted and on disk',
    '  2026-11-18T14:02:11.352Z  acme.ua       held by this custodian',
    '  2026-11-18T14:02:11.390Z  acme.ua       the next realm took it',
    '  2026-11-18T14:02:11.388Z  ua            held by this custodian',
    '  ! waits at ua for beta.ua since 2026-11-18T14:01:11.310Z: no path leads there (no-path)',
  ]);
});

test('what arrived says how, and who has it on a device', () => {
  assert.ok(KYIV && ODESA);
  const lines = routeLines({
    id: 'x',
    sender: 'clerk@kyiv.acme.ua',
    legs: [
      {
        realm: ODESA,
        way: 'direct',
        state: 'handed-over',
        path: { kind: 'direct-tcp', hops: [] },
        steps: [{ kind: 'delivered', realm: ODESA, at: AT, user: 'smith@odesa.beta.ua' }],
      },
    ],
  });
  assert.equal(lines[2], 'to odesa.beta.ua  arrived, direct-tcp');
  assert.match(lines.at(-1) ?? '', /on a device of smith@odesa\.beta\.ua$/);
});
