// Power cuts while a home accepts commits and another realm applies them: no epoch has two commits, and none that was answered is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrashingBranch, type CutPoint } from '../crashing-branch.ts';
import { CLERK, ENGINEER, KYIV, LVIV, until } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { author, CONVERSATION, change, epochAt, never } from './group-world.ts';

const BOTH = [
  [CLERK, 'owner'],
  [ENGINEER, 'owner'],
] as const;

async function commitsAt(branch: CrashingBranch['branch'], user: typeof CLERK): Promise<string[]> {
  const { commits } = await branch.groups.reader.commits(user, CONVERSATION, { after: 0 });
  return commits.map(({ epoch, commit }) => `${epoch} ${new TextDecoder().decode(commit)}`);
}

for (const point of ['before', 'after'] as const satisfies readonly CutPoint[]) {
  for (const who of [KYIV, LVIV]) {
    test(`the power goes ${point} each write of ${who}`, { timeout: 60_000 }, async (t) => {
      for (let at = 1; at <= 4; at++) {
        const network = new SimulatedNetwork();
        const [kyiv, lviv] = [new CrashingBranch(network, KYIV), new CrashingBranch(network, LVIV)];
        await Promise.all([kyiv.start(), lviv.start()]);
        t.after(() => Promise.all([kyiv, lviv].map((one) => (one.isUp ? one.branch.stop() : undefined))));
        await kyiv.branch.groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: BOTH }), never);
        await until(async () => (await epochAt(lviv.branch)) === 1);
        const cut = who === KYIV ? kyiv : lviv;
        cut.cutAt(at, point);
        const answered: string[] = [];
        for (let epoch = 1; epoch <= 2; epoch++) {
          const proposed = change({ epoch, home: KYIV, members: BOTH, text: `first ${epoch}` });
          const asked = kyiv.isUp ? kyiv.branch.groups.propose(author(CLERK, KYIV), proposed, never) : undefined;
          let isOver = false;
          asked
            ?.then(
              () => answered.push(`${epoch} first ${epoch}`),
              () => undefined,
            )
            .finally(() => (isOver = true));
          // One that the power cuts off is never over.
          await until(() => isOver || !kyiv.isUp);
        }
        // Some cuts lie behind the last write.
        await until(() => cut.crashes > 0, 150).catch(() => undefined);
        for (const branch of [kyiv, lviv]) {
          branch.disarm();
          if (branch.isUp) continue;
          await branch.start();
          network.up(branch.realm);
        }
        // Another commit for an epoch that was answered loses; one that was lost with the power is free again.
        for (let epoch = 1; epoch <= 2; epoch++) {
          const other = change({ epoch, home: KYIV, members: BOTH, text: `second ${epoch}` });
          await kyiv.branch.groups.propose(author(CLERK, KYIV), other, never).catch(() => undefined);
        }
        await until(async () => (await epochAt(lviv.branch)) === 3);
        const list = await commitsAt(kyiv.branch, CLERK);
        assert.deepEqual(await commitsAt(lviv.branch, ENGINEER), list);
        assert.equal(list.length, 3);
        for (const one of answered) assert.ok(list.includes(one), `${one} was answered`);
      }
    });
  }
}
