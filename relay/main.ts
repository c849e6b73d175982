// The relay of a realm. `canopy start` runs it; `node relay/main.ts --dir DIR` does the same by hand.
import { isAlert } from '../src/overlay/audit.ts';
import { systemClock } from '../src/realm/clock.ts';
import { writeChain } from '../src/settings/key-files.ts';
import { openIdentity } from '../src/settings/live-identity.ts';
import { runProgram } from '../src/settings/program.ts';
import { RelayCertificate } from './certificate.ts';
import { ControlServer } from './control.ts';
import { createRelay } from './relay.ts';

await runProgram('relay', async ({ directory, settings, realm, log }) => {
  const identity = await openIdentity(directory, realm, 'relay');
  const shared = { identity, clock: systemClock, log };
  const relay = await createRelay({
    ...shared,
    settings: settings.relay,
    ancestors: realm.ancestors,
    audit: (event) => log[isAlert(event) ? 'error' : 'warn'](event, 'security event'),
  });
  const control = new ControlServer(directory.socket.relay, () => relay.status());
  const certificate = new RelayCertificate({
    ...shared,
    relay,
    write: (pem) => writeChain(directory.relay, pem),
    isRenewedHere: realm.programs.includes('node'),
  });
  await relay.start();
  await control.start();
  certificate.start();
  return {
    ready: { realm: realm.realm, relay: relay.addresses, peerId: relay.peerId },
    stop: async () => {
      certificate.stop();
      await control.stop();
      await relay.stop();
    },
  };
});
