// For measuring: the web client with a conversation of many messages (long-client.ts), driven by scripts/bench/web-timeline.ts.
// `#fill=COUNT` fills the browser's database and shows nothing.
import { wantedLanguage } from '../model/preferences.ts';
import { startPage } from '../page.tsx';
import { loadTexts } from '../text/languages.ts';
import { ACTED_FILES, actedVersion } from './acted-files.ts';
import { LONG, LongClient } from './long-client.ts';

// what the real page begins with
const texts = loadTexts(wantedLanguage(localStorage, navigator.languages));
const client = await LongClient.open();
await texts;
const tab = { enter: async () => true, take: async () => {} };
const [, count] = /^#fill=(\d+)$/.exec(location.hash) ?? [];
localStorage.setItem('canopy.session', 'in');
if (count === undefined) void startPage({ client, tab, files: ACTED_FILES, version: actedVersion(false) });
else await client.fill(Number(count), Date.now());

Object.assign(globalThis, { long: { id: LONG, comes: () => client.comes(), isFilled: count !== undefined } });
