// Where the page begins: the client of this node, the models, the view.
import { createClient } from '../../src/client/client.ts';
import { startPage } from './page.tsx';
import { pageStorage } from './page-storage.ts';
import { workerPasswords } from './passwords.ts';

startPage(
  createClient({
    server: location.origin,
    session: 'cookie',
    storage: pageStorage(localStorage),
    passwords: workerPasswords,
  }),
);
