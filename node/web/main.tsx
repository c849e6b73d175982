// Where the page begins: the client of this node, the models, the view.
import { createClient } from '../../src/client/client.ts';
import { startPage } from './page.tsx';

startPage(createClient({ server: location.origin, session: 'cookie' }));
