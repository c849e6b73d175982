// The page before the conversations: the mark, a title, a form, and the choice of language and theme.
import type { ComponentChildren } from 'preact';
import { LanguageChoice, ThemeButton } from './choices.tsx';
import { useApp } from './context.ts';
import { Mark } from './mark.tsx';

interface EntrancePageProps {
  readonly title: string;
  readonly lead?: string | undefined;
  readonly submit: string;
  /** Of the button; while something is under way it is disabled anyhow. */
  readonly disabled?: boolean;
  readonly children?: ComponentChildren;
  /** Below the button: what to do instead. */
  readonly otherwise?: ComponentChildren;
  onSubmit(event: Event): void;
}

export function EntrancePage({
  title,
  lead,
  submit,
  disabled = false,
  children,
  otherwise,
  onSubmit,
}: EntrancePageProps) {
  const { busy } = useApp().session;
  return (
    <main class="entrance">
      <form class="entrance-form" onSubmit={onSubmit} noValidate aria-busy={busy.value}>
        <Mark large />
        <header>
          <h1>{title}</h1>
          {lead !== undefined && <p class="lead">{lead}</p>}
        </header>
        {children}
        <button type="submit" class="button button-main" disabled={busy.value || disabled}>
          <span aria-live="polite">{submit}</span>
        </button>
        {otherwise}
      </form>
      <footer class="entrance-foot">
        <LanguageChoice />
        <ThemeButton />
      </footer>
    </main>
  );
}
