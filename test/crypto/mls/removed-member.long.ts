// A removed member's device derives no later key, over many random histories.
import { test } from 'node:test';
import { tryHistories } from './removed-member.ts';

test('over 50 histories no removed device derives a later key', { timeout: 600_000 }, () => tryHistories(50));
