// A group can be joined whatever its members did before: many histories, long ones.
import { test } from 'node:test';
import { tryJoining } from './joinable.ts';

test(
  'over 60 histories of 25 steps every welcome leads in and every group is joined from outside',
  { timeout: 600_000 },
  () => tryJoining(60, 25),
);
