// The relay of a realm. `canopy start` runs it; `node relay/main.ts --dir DIR` does the same by hand.
import { Metrics } from '../src/metrics/metrics.ts';
import { MetricsServer } from '../src/metrics/metrics-server.ts';
import { isAlert } from '../src/overlay/audit.ts';
import { openDurableClock } from '../src/settings/durable-clock.ts';
import { writeChain } from '../src/settings/key-files.ts';
import { openIdentity } from '../src/settings/live-identity.ts';
import { runProgram } from '../src/settings/program.ts';
import { RelayCertificate } from './certificate.ts';
import { openRelayCharter } from './charter-file.ts';
import { ControlServer } from './control.ts';
import { createRelay, renewalByDoor } from './create-relay.ts';
import { KnownRelays } from './known-relays.ts';
import { nearNetworks } from './near-networks.ts';
import { EventCount, relayMetrics } from './relay-metrics.ts';

await runProgram('relay', async ({ directory, settings, realm, log }) => {
  const identity = await openIdentity(directory, realm, 'relay');
  const time = await openDurableClock(directory, 'relay', log);
  await time.start();
  const shared = { identity, clock: time.clock, log };
  const events = new EventCount();
  const charter = await openRelayCharter(directory, {
    ...shared,
    realm: realm.realm,
    rootFingerprint: realm.rootFingerprint,
  });
  const known = await KnownRelays.open(directory.relay.ancestors, log, nearNetworks(settings.relay.private ?? []));
  const relay = await createRelay({
    ...shared,
    settings: settings.relay,
    ancestors: known.beside(realm.ancestors),
    onLearnt: (above, relays) => known.learn(above, relays),
    fellows: realm.ownRelays,
    charter,
    audit: events.counting((event) => log[isAlert(event) ? 'error' : 'warn'](event, 'security event')),
  });
  const control = new ControlServer(directory.socket.relay, {
    'GET /v1/status': () => ({ ...relay.status(), revoked: certificate.revoked }),
    'GET /v1/netcheck': () => relay.netcheck(),
  });
  const certificate = new RelayCertificate({
    ...shared,
    relay,
    charter,
    byDoor: renewalByDoor({ ...shared, ancestors: realm.ancestors }),
    write: (pem) => writeChain(directory.relay, pem),
    isRenewedHere: realm.programs.includes('node'),
  });
  const metrics = new Metrics({ realm: realm.realm, tier: realm.tier });
  metrics.add(relayMetrics(() => relay.status(), events));
  const checks = async () => [{ name: 'node', ok: relay.status().node }];
  const shown = new MetricsServer({ listen: settings.metrics.relay, metrics, checks, log });
  await relay.start();
  await control.start();
  certificate.start();
  await shown.start();
  return {
    ready: { realm: realm.realm, relay: relay.addresses, peerId: relay.peerId },
    stop: async () => {
      await shown.stop();
      certificate.stop();
      await control.stop();
      await relay.stop();
      await time.stop();
    },
  };
});
