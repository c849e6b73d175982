// For developers: every component in every state, at /dev/components.html of vite's server; `?language=uk&theme=dark` begins so. Never
// part of the bundle.
import { signal } from '@preact/signals';
import { render } from 'preact';
import { systemClock } from '../../../src/realm/clock.ts';
import { App } from '../model/app.ts';
import { memoryStore } from '../model/local-store.ts';
import { THEMES } from '../model/preferences.ts';
import { chooseLanguage, loadTexts } from '../text/languages.ts';
import { AppContext, WorkspaceContext } from '../view/context.ts';
import '../style/all.ts';
import './components.css';
import { ActedClient } from './acted-client.ts';
import { ACTED_FILES, actedVersion } from './acted-files.ts';
import { Gallery } from './gallery.tsx';

const query = new URLSearchParams(location.search);
const language = chooseLanguage([query.get('language') ?? '', ...navigator.languages]);
const store = memoryStore();
store.setItem('canopy.session', 'in');
store.setItem('canopy.theme', query.get('theme') ?? 'system');

const app = new App({
  client: new ActedClient('chat'),
  tab: { enter: async () => true, take: async () => undefined },
  clock: systemClock,
  store,
  place: { current: signal(undefined) },
  spoken: { language, texts: await loadTexts(language) },
  loadTexts,
  suggestedUser: undefined,
  files: ACTED_FILES,
  version: actedVersion(false),
  notices: { permission: 'default', ask: async () => 'granted', show: () => undefined },
  visible: signal(true),
  focused: signal(true),
  online: signal(true),
});
app.workspace.subscribe((workspace) => {
  if (!workspace) return;
  const gallery = (
    <AppContext.Provider value={app}>
      <WorkspaceContext.Provider value={workspace}>
        <Gallery themes={THEMES} />
      </WorkspaceContext.Provider>
    </AppContext.Provider>
  );
  render(gallery, document.body);
});
app.preferences.theme.subscribe((theme) => (document.documentElement.dataset['theme'] = theme));
app.start();
