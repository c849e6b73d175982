// Where the page begins: the client of this node with its keys and its cache in this browser, the models, the view.
import { browserDeviceKeys } from '../../src/client/account/browser-device-keys.ts';
import { SealedCache } from '../../src/client/cache/sealed-cache.ts';
import { createClient } from '../../src/client/client.ts';
import { systemRandom } from '../../src/realm/random.ts';
import { openBrowserCache } from './cache/browser-cache.ts';
import { deviceNameOf } from './model/device-name.ts';
import { startPage } from './page.tsx';
import { pageFiles } from './page-files.ts';
import { pageStorage } from './page-storage.ts';
import { workerPasswords } from './passwords.ts';
import { tabPlace } from './tab-place.ts';
import { workerVersions } from './worker/registration.ts';

void startPage({
  client: createClient({
    server: location.origin,
    session: 'cookie',
    deviceName: deviceNameOf(navigator.userAgent),
    storage: pageStorage(localStorage),
    passwords: workerPasswords,
    deviceKeys: browserDeviceKeys('canopy-devices', systemRandom),
    openCache: async (user) => SealedCache.open(await openBrowserCache(`canopy-cache-${user}`)),
  }),
  tab: tabPlace(navigator.locks, () => location.reload()),
  files: pageFiles(),
  version: workerVersions(),
});
