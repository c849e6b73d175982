// How components reach the model: by context, nothing is global.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { LocalError } from '../../../src/realm/errors.ts';
import type { App, Workspace } from '../model/app.ts';
import type { Wording } from '../model/wording.ts';

export const AppContext = createContext<App | undefined>(undefined);
export const WorkspaceContext = createContext<Workspace | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new LocalError('no-app', 'a component stands outside of the application');
  return app;
}

/** What a logged-in person works with. */
export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (!workspace) throw new LocalError('no-workspace', 'a component of the workspace stands outside of it');
  return workspace;
}

/** What a person does in conversations. */
export function useConversing(): Workspace['conversing'] {
  return useWorkspace().conversing;
}

/** The words of the chosen language; the component follows a change. */
export function useWords(): Wording {
  return useApp().preferences.words.value;
}
