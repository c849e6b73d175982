// What a login costs the server: OPAQUE, a session, the audit log, over HTTP on loopback, for devices that are known; a real node and relay
// as processes of their own. The clients' stretching of passwords is left out (light-person.ts). What the node does anyhow is taken off.
// Prints one JSON document; figures of one run may be compared with each other, with those of another run or machine hardly.
//
//   node scripts/bench/logins.ts [--logins 1000] [--people 20] [--warm 400]
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { AdminClient } from '../../node/admin/api.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { makeLoneRealm } from '../../test/faults/lone-realm.ts';
import { Program } from '../../test/faults/program.ts';
import { LightPerson } from './light-person.ts';
import { costOf, idleShares } from './spent.ts';

const { values } = parseArgs({
  options: {
    logins: { type: 'string', default: '1000' },
    people: { type: 'string', default: '20' },
    warm: { type: 'string', default: '400' },
  },
});
const IDLE_SECONDS = 5;

const realm = await makeLoneRealm();
const admin = new AdminClient(dataDirectory(realm.dir).socket.node);
const [node, relay] = await Promise.all([
  Program.start({ role: 'node', dir: realm.dir }),
  Program.start({ role: 'relay', dir: realm.dir }),
]);
try {
  const people: LightPerson[] = [];
  for (let n = 0; n < Number(values.people); n++) {
    people.push(await LightPerson.enter(admin, `http://ua.localhost:${realm.lanPort}`, `user${n}`));
  }
  const cold = await measured(people, people.length);
  await logIn(people, Number(values.warm));
  const warm = await measured(people, Number(values.logins));
  console.log(JSON.stringify({ load: loadavg()[0], first: cold, afterWarming: warm }));
} finally {
  await Promise.all([node.stop(), relay.stop()]);
  await realm.remove();
}
process.exit();

async function measured(people: readonly LightPerson[], count: number) {
  const [idle = 0] = await idleShares([node.pid], IDLE_SECONDS);
  const began = performance.now();
  const [cost = 0] = await costOf([node.pid], () => logIn(people, count));
  const seconds = (performance.now() - began) / 1000;
  const own = cost - idle * seconds;
  return { logins: count, ofACpuSecond: Math.round(count / own), idleShareOfACore: Math.round(idle * 1000) / 1000 };
}

/** Each person one login after the other, all people at once. */
async function logIn(people: readonly LightPerson[], count: number): Promise<void> {
  let left = count;
  await Promise.all(
    people.map(async (person) => {
      while (left-- > 0) await person.logIn();
    }),
  );
}
