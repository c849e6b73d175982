// Binds the models to a page: its address, focus, theme, title, and the browser's storage.
import { computed, effect } from '@preact/signals';
import { render } from 'preact';
import { systemClock } from '../../src/realm/clock.ts';
import { App, type AppComponents } from './model/app.ts';
import { wantedLanguage } from './model/preferences.ts';
import { pageNotices } from './page-notices.ts';
import { hashPlace } from './page-place.ts';
import { onActivity, pageSignals } from './page-signals.ts';
import { showUnread } from './page-title.ts';
import { loadTexts } from './text/languages.ts';
import { AppView } from './view/app-view.tsx';
import './style/all.ts';

type Given = Pick<AppComponents, 'client' | 'tab' | 'files' | 'version'>;

export async function startPage(given: Given): Promise<void> {
  const language = wantedLanguage(localStorage, navigator.languages);
  const app = new App({
    ...given,
    clock: systemClock,
    store: localStorage,
    place: { current: hashPlace() },
    spoken: { language, texts: await loadTexts(language) },
    loadTexts,
    suggestedUser: new URLSearchParams(location.search).get('user') ?? undefined,
    notices: pageNotices(),
    ...pageSignals(),
  });
  followInDocument(app);
  addEventListener('pagehide', () => void app.flush());
  onActivity(() => app.idle.touch());
  app.start();
  render(<AppView app={app} />, document.body);
}

function followInDocument({ preferences, workspace }: App): void {
  showUnread({
    name: computed(() => preferences.words.value.t('app.name')),
    unread: computed(() => workspace.value?.chats.unread.value ?? 0),
  });
  effect(() => {
    document.documentElement.lang = preferences.language.value;
    document.documentElement.dataset['theme'] = preferences.theme.value;
  });
}
