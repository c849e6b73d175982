// For developers: the web client over an acted server, at /dev/?scene=NAME of vite's server. Never part of the bundle.
import { startPage } from '../page.tsx';
import { ActedClient, SCENES } from './acted-client.ts';
import { ACTED_FILES, actedVersion } from './acted-files.ts';

const wanted = new URLSearchParams(location.search).get('scene');
localStorage.setItem('canopy.session', 'in');
const scene = SCENES.find((one) => one === wanted) ?? 'chat';
void startPage({
  client: new ActedClient(scene),
  tab: { enter: async () => scene !== 'elsewhere', take: async () => {} },
  files: ACTED_FILES,
  version: actedVersion(wanted === 'newer'),
});
