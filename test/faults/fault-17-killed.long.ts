// Fault case 17: many messages and five deaths, and a branch that is away until back-off has grown to what it becomes.
import { describeKilled } from './killed.ts';

describeKilled({
  messages: 2_000,
  kills: [
    { victim: 'kyiv', from: 100, to: 400 },
    { victim: 'lviv', from: 500, to: 700 },
    { victim: 'kyiv', from: 800, to: 1_100 },
    { victim: 'kyiv', from: 1_200, to: 1_400 },
    { victim: 'lviv', from: 1_500, to: 1_900 },
  ],
  away: 60_000,
});
