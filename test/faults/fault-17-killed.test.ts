// Fault case 17 in short; fault-17-killed.long.ts has more of all.
import { describeKilled } from './killed.ts';

describeKilled({
  messages: 400,
  kills: [
    { victim: 'kyiv', from: 60, to: 120 },
    { victim: 'lviv', from: 150, to: 220 },
    { victim: 'kyiv', from: 250, to: 360 },
  ],
  away: 5_000,
});
