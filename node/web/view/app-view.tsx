// The root: which page the session's stage asks for.
import type { App } from '../model/app.ts';
import type { Stage } from '../model/session.ts';
import { AppContext, useApp, useWords, WorkspaceContext } from './context.ts';
import { ElsewherePage } from './elsewhere-page.tsx';
import { LockedPage } from './locked-page.tsx';
import { LoginPage } from './login-page.tsx';
import { Mark } from './mark.tsx';
import { OlderPage } from './older-page.tsx';
import { PasswordPage } from './password-page.tsx';
import { RecoveryPage } from './recovery-page.tsx';
import { UnprovenPage } from './unproven-page.tsx';
import { WorkspaceView } from './workspace-view.tsx';

export function AppView({ app }: { readonly app: App }) {
  return (
    <AppContext.Provider value={app}>
      <StageView stage={app.session.stage.value} />
    </AppContext.Provider>
  );
}

function StageView({ stage }: { readonly stage: Stage }) {
  const app = useApp();
  const workspace = app.workspace.value;
  const own = app.own.value;
  switch (stage.kind) {
    case 'opening':
      return <Opening unreachable={stage.unreachable} />;
    case 'login':
      return <LoginPage why={stage.why} />;
    case 'elsewhere':
      return <ElsewherePage />;
    case 'locked':
      return <LockedPage />;
    case 'new-password':
      return <PasswordPage />;
    case 'older':
      return <OlderPage />;
    case 'unproven':
      return <UnprovenPage />;
    case 'recovery-key':
      return own ? <RecoveryPage account={own} /> : <Opening unreachable={false} />;
    case 'in':
      if (!workspace) return <Opening unreachable={false} />;
      return (
        <WorkspaceContext.Provider value={workspace}>
          <WorkspaceView />
        </WorkspaceContext.Provider>
      );
  }
}

function Opening({ unreachable }: { readonly unreachable: boolean }) {
  const { t } = useWords();
  return (
    <main class="opening">
      <Mark large />
      <h1 class="hidden">{t('app.name')}</h1>
      <p role="status">{t(unreachable ? 'connection.offline' : 'start.loading')}</p>
    </main>
  );
}
