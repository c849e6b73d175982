// The relay of a realm. `canopy start` runs it; `node relay/main.ts --dir DIR` does the same by hand.
import { systemClock, type Timer } from '../src/realm/clock.ts';
import { messageOf } from '../src/realm/errors.ts';
import { openIdentity } from '../src/settings/live-identity.ts';
import { runProgram } from '../src/settings/program.ts';
import { ControlServer } from './control.ts';
import { createRelay } from './relay.ts';

/** The node on this host renews the certificate's file; here it is read again. */
const REFRESH_INTERVAL = 10 * 60 * 1000;

await runProgram('relay', async ({ directory, settings, realm, log }) => {
  const identity = await openIdentity(directory, realm, 'relay');
  const relay = await createRelay({
    identity,
    settings: settings.relay,
    ancestors: realm.ancestors,
    clock: systemClock,
    log,
    audit: (event) => log.warn(event, 'security event'),
  });
  const control = new ControlServer(directory.socket.relay, () => relay.status());
  let timer: Timer | undefined;
  const refreshLater = (): void => {
    timer = systemClock.after(REFRESH_INTERVAL, () => {
      identity.refresh().catch((error) => log.error({ error: messageOf(error) }, 'certificate not read again'));
      refreshLater();
    });
  };
  await relay.start();
  await control.start();
  refreshLater();
  return {
    ready: { realm: realm.realm, relay: relay.addresses, peerId: relay.peerId },
    stop: async () => {
      timer?.cancel();
      await control.stop();
      await relay.stop();
    },
  };
});
