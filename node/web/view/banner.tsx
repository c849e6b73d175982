// Says what is the matter where it matters, and what can be done about it. It goes when the cause goes.
import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';

interface BannerProps {
  readonly tone: 'info' | 'warn' | 'bad';
  readonly icon?: IconName;
  readonly children: ComponentChildren;
  /** Buttons. */
  readonly actions?: ComponentChildren;
}

export function Banner({ tone, icon = tone === 'info' ? 'info' : 'alert', children, actions }: BannerProps) {
  return (
    <div class={`banner banner-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={icon} />
      <div class="banner-text">{children}</div>
      {actions && <div class="banner-actions">{actions}</div>}
    </div>
  );
}
