// The path of one message, drawn: who, through which programs of which realms, how the relays were joined.
import { useEffect, useState } from 'preact/hooks';
import type { Route, WayLeg } from '../../../src/client/client.ts';
import { chatName } from '../model/chat.ts';
import { pathText, type RouteStep, routeSteps, stuckText, timedSteps } from '../model/route-steps.ts';
import { saidAt } from '../model/said.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { useWords, useWorkspace } from './context.ts';
import { useNames } from './names.ts';
import { useStage } from './stage.ts';

type Asked =
  | { readonly kind: 'asking' | 'failed' }
  | { readonly kind: 'told'; readonly route: Route | undefined; readonly legs: readonly WayLeg[] };

export function PathView({ message }: { readonly message: ShownMessage }) {
  const { me } = useWorkspace();
  const words = useWords();
  const asked = useRoute(message);
  const nameOf = useNames();
  const { chat } = useStage();
  const to = message.mine ? chatName(words, chat) : me.name;
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
          {routeSteps(words, asked.route, nameOf(message.sender), to).map((step) => (
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
      <h2>{words.t('route.way', { realm: leg.realm })}</h2>
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
function useRoute(message: ShownMessage): Asked {
  const { routeOf } = useWorkspace();
  const [asked, setAsked] = useState<Asked>({ kind: 'asking' });
  useEffect(() => {
    const asking = new AbortController();
    routeOf(message.id, asking.signal).then(
      ({ route, legs }) => setAsked({ kind: 'told', route, legs }),
      () => asking.signal.aborted || setAsked({ kind: 'failed' }),
    );
    return () => asking.abort();
  }, [message.id, message.state]);
  return asked;
}
