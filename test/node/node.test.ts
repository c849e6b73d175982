// The order in which the parts of a node start and stop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node, type Part } from '../../node/node.ts';

function parts(events: string[], failing?: string): Part[] {
  return ['store', 'network', 'lan'].map((name) => ({
    start: async () => {
      if (name === failing) throw new Error(`no ${name}`);
      events.push(`start ${name}`);
    },
    stop: () => void events.push(`stop ${name}`),
  }));
}

test('parts start in order and stop the other way round, what they stand on last', async () => {
  const events: string[] = [];
  const node = new Node(parts(events), async () => void events.push('release'));
  await node.start();
  await node.stop();
  const expected = ['start store', 'start network', 'start lan', 'stop lan', 'stop network', 'stop store', 'release'];
  assert.deepEqual(events, expected);
});

test('when a part does not start, those before it are stopped and its error comes back', async () => {
  const events: string[] = [];
  const node = new Node(parts(events, 'lan'), async () => void events.push('release'));
  await assert.rejects(node.start(), { message: 'no lan' });
  assert.deepEqual(events, ['start store', 'start network', 'stop network', 'stop store', 'release']);
});
