// A removed member's device derives no later key: a few random histories; removed-member.long.ts tries many.
import { test } from 'node:test';
import { tryHistories } from './removed-member.ts';

test('over 8 histories no removed device derives a later key', { timeout: 120_000 }, () => tryHistories(8));
