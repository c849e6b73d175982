// Names of people who are known by id alone; the component follows when one becomes known.
import type { UserId } from '../../../src/realm/ids.ts';
import { useWords, useWorkspace } from './context.ts';

export function useNames(): (id: UserId) => string {
  const { me, people } = useWorkspace();
  const { t } = useWords();
  return (id) => (id === me.id ? me.name : (people.person(id).value?.name ?? t('person.unknown')));
}
