// A program in a namespace of the laboratory: listens on port 4443, asks the router for it by the ways that its arguments name,
// and prints what comes of it as JSON lines. SIGTERM gives the port back.
import { createServer } from 'node:net';
import { mappingWays } from '../../relay/mapping-ways.ts';
import { PortMapping } from '../../relay/port-mapping.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { silentLog } from '../../src/realm/log.ts';
import type { MapWay } from '../../src/settings/setting-table.ts';

const PORT = 4443;
const ways = process.argv.slice(2).filter((word): word is MapWay => word === 'upnp' || word === 'nat-pmp');
const server = createServer((socket) => socket.on('error', () => {}).end('here')).listen(PORT, '0.0.0.0');
const mapping = new PortMapping(
  {
    ways: mappingWays(ways),
    clock: systemClock,
    log: silentLog,
    onChange: () => console.log(JSON.stringify(mapping.report)),
  },
  PORT,
);
await mapping.renew();
console.log(JSON.stringify({ asked: true, ...mapping.report }));
process.once('SIGTERM', () => {
  void mapping.stop().finally(() => {
    server.close();
    process.exit(0);
  });
});
