// Binds the models to a page: its address, focus, theme, title, and the browser's storage.
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { systemClock } from '../../src/realm/clock.ts';
import { App } from './model/app.ts';
import type { PageClient } from './model/page-client.ts';
import { wantedLanguage } from './model/preferences.ts';
import type { TabPlace } from './model/tab.ts';
import { hashPlace } from './page-place.ts';
import { pageSignals } from './page-signals.ts';
import { loadTexts } from './text/languages.ts';
import { AppView } from './view/app-view.tsx';
import './style/tokens.css';
import './style/base.css';
import './style/controls.css';
import './style/parts.css';
import './style/tabs.css';
import './style/people.css';
import './style/entrance.css';
import './style/workspace.css';
import './style/rail.css';
import './style/timeline.css';
import './style/composer.css';
import './style/overlays.css';

export async function startPage(client: PageClient, tab: TabPlace): Promise<void> {
  const language = wantedLanguage(localStorage, navigator.languages);
  const app = new App({
    client,
    tab,
    clock: systemClock,
    store: localStorage,
    place: { current: hashPlace() },
    spoken: { language, texts: await loadTexts(language) },
    loadTexts,
    suggestedUser: new URLSearchParams(location.search).get('user') ?? undefined,
    ...pageSignals(),
  });
  followInDocument(app);
  addEventListener('pagehide', () => app.flush());
  app.start();
  render(<AppView app={app} />, document.body);
}

function followInDocument({ preferences, workspace }: App): void {
  const unread = signal(0);
  effect(() => {
    unread.value = workspace.value?.chats.unread.value ?? 0;
  });
  effect(() => {
    const name = preferences.words.value.t('app.name');
    document.title = unread.value > 0 ? `(${unread.value}) ${name}` : name;
    document.documentElement.lang = preferences.language.value;
    document.documentElement.dataset['theme'] = preferences.theme.value;
  });
}
