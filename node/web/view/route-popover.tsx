// The path of one message, drawn: who, through which programs of which realms, how the relays were joined.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Message, Route, WayLeg } from '../../../src/client/client.ts';
import { pathText, type RouteStep, routeSteps, stuckText, timedSteps } from '../model/route-steps.ts';
import { saidAt } from '../model/rows.ts';
import { useWords, useWorkspace } from './context.ts';

type Asked =
  | { readonly kind: 'asking' | 'failed' }
  | { readonly kind: 'told'; readonly route: Route | undefined; readonly legs: readonly WayLeg[] };

export function RoutePopover({ id, message }: { readonly id: string; readonly message: Message }) {
  const ref = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const popover = ref.current;
    if (!popover) return undefined;
    const onToggle = (event: ToggleEvent): void => {
      setOpen(event.newState === 'open');
      if (event.newState === 'open') putBeside(popover);
    };
    popover.addEventListener('toggle', onToggle);
    return () => popover.removeEventListener('toggle', onToggle);
  }, []);
  const { t } = useWords();
  return (
    <div ref={ref} id={id} popover="auto" class="popover" role="dialog" aria-label={t('route.title')}>
      {open && <RouteView message={message} onSettled={() => ref.current && putBeside(ref.current)} />}
    </div>
  );
}

function RouteView({ message, onSettled }: { readonly message: Message; onSettled(): void }) {
  const words = useWords();
  const asked = useRoute(message);
  useEffect(onSettled, [asked]);
  return (
    <>
      <p class="route-path">
        {asked.kind === 'told'
          ? asked.route
            ? pathText(words, asked.route)
            : words.t('route.none')
          : words.t(asked.kind === 'asking' ? 'route.loading' : 'route.failed')}
      </p>
      {asked.kind === 'told' && asked.route && (
        <ol class="route">
          {routeSteps(words, asked.route, message.from.name, message.to[0]?.name ?? '').map((step) => (
            <StepView key={step.label} step={step} />
          ))}
        </ol>
      )}
      {asked.kind === 'told' && asked.legs.map((leg) => <LegView key={leg.realm} leg={leg} />)}
      <p class="route-state">
        {words.t(message.mine ? `state.${message.state}` : 'route.received')} · {words.full(saidAt(message))}
      </p>
    </>
  );
}

/** What happened when, and what it waits for. */
function LegView({ leg }: { readonly leg: WayLeg }) {
  const words = useWords();
  const now = useWorkspace().people.now.value;
  const stuck = stuckText(words, leg, now);
  return (
    <section class="route-leg">
      <h3>{words.t('route.way', { realm: leg.realm })}</h3>
      <ol>
        {timedSteps(words, leg, now).map(({ at, text }) => (
          <li key={text}>
            <time>{at}</time> <span>{text}</span>
          </li>
        ))}
      </ol>
      {stuck !== undefined && <p class="route-stuck">{stuck}</p>}
    </section>
  );
}

function StepView({ step }: { readonly step: RouteStep }) {
  return (
    <li class={`route-step route-${step.kind}`} title={step.detail}>
      <span dir="auto">{step.label}</span>
    </li>
  );
}

/** Asks anew when the message comes further. */
function useRoute(message: Message): Asked {
  const { routeOf } = useWorkspace();
  const [asked, setAsked] = useState<Asked>({ kind: 'asking' });
  useEffect(() => {
    const asking = new AbortController();
    routeOf(message, asking.signal).then(
      ({ route, legs }) => setAsked({ kind: 'told', route, legs }),
      () => asking.signal.aborted || setAsked({ kind: 'failed' }),
    );
    return () => asking.abort();
  }, [message.id, message.state]);
  return asked;
}

/** Above or below the button that opened it, inside of the window. */
function putBeside(popover: HTMLElement): void {
  const opener = document.querySelector(`[popovertarget="${CSS.escape(popover.id)}"]`)?.getBoundingClientRect();
  if (!opener) return;
  const { width, height } = popover.getBoundingClientRect();
  const left = Math.min(Math.max(8, opener.right - width), innerWidth - width - 8);
  const below = opener.bottom + 6;
  const top = below + height > innerHeight - 8 ? Math.max(8, opener.top - height - 6) : below;
  popover.style.left = `${left}px`;
  popover.style.top = `${top}px`;
}
