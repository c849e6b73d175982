// The button in words. `main` stands once on a screen, `danger` where something is lost for good.
import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';

interface ButtonProps {
  readonly kind?: 'plain' | 'main' | 'danger';
  readonly submit?: boolean;
  readonly icon?: IconName;
  readonly disabled?: boolean;
  readonly children: ComponentChildren;
  onClick?(event: MouseEvent): void;
}

export function Button({ kind = 'plain', submit = false, icon, disabled = false, children, onClick }: ButtonProps) {
  return (
    <button
      type={submit ? 'submit' : 'button'}
      class={kind === 'plain' ? 'button' : `button button-${kind}`}
      disabled={disabled}
      {...(onClick && { onClick })}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}
