// Above the field: what is attached, what is on its way, how far it has come, and what went wrong.
import { useRef } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';
import { failureText } from '../model/failure-text.ts';
import { kindOfFile, plainName } from '../model/file-kind.ts';
import type { FileJob, FileState } from '../model/file-sending.ts';
import { fileSize } from '../model/file-words.ts';
import type { Wording } from '../model/wording.ts';
import { sourceOf } from '../page-files.ts';
import { useWords, useWorkspace } from './context.ts';
import { Icon, IconButton } from './icon.tsx';
import { Progress } from './progress.tsx';

const ICONS = { image: 'picture', video: 'play', audio: 'microphone', other: 'file' } as const;

export function AttachTray({ chat }: { readonly chat: Chat }) {
  const { files } = useWorkspace();
  const { t } = useWords();
  const jobs = files.sending.jobs.value.filter((job) => job.chat === chat.id);
  if (jobs.length === 0) return null;
  return (
    <ul class="tray" aria-label={t('file.tray')}>
      {jobs.map((job) => (
        <TrayRow key={job.id} job={job} />
      ))}
    </ul>
  );
}

function TrayRow({ job }: { readonly job: FileJob }) {
  const { files } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const state = job.state.value;
  const name = plainName(job.name);
  const isBad = state.kind === 'failed' || state.kind === 'missing';
  return (
    <li class="tray-row" data-file={state.kind}>
      <Icon name={ICONS[kindOfFile(job)]} />
      <span class="file-words">
        <span class="file-name" dir="auto" title={name}>
          {name}
        </span>
        {state.kind === 'sending' ? (
          <Progress
            label={t('file.progress', { name })}
            value={state.done / state.total}
            note={stateText(words, job, state)}
          />
        ) : (
          <span class={isBad ? 'note note-bad' : 'note'} role={isBad ? 'alert' : undefined}>
            {stateText(words, job, state)}
          </span>
        )}
      </span>
      {state.kind === 'missing' && <ChooseAgain job={job} />}
      {state.kind === 'failed' && state.failure.code !== 'file-too-long' && (
        <button type="button" class="text-button" onClick={() => files.sending.retry(job)}>
          {t('state.retry')}
        </button>
      )}
      <IconButton
        icon="close"
        label={t(state.kind === 'attached' ? 'file.remove' : 'file.cancel', { name })}
        onClick={() => void files.sending.cancel(job)}
      />
    </li>
  );
}

function stateText(words: Wording, job: FileJob, state: FileState): string {
  const size = fileSize(words, job.size);
  switch (state.kind) {
    case 'attached':
      return size;
    case 'waiting':
      return words.t('file.waiting', { size });
    case 'sending':
      return words.t('file.sending', { done: fileSize(words, state.done), total: fileSize(words, state.total) });
    case 'missing':
      return words.t('file.missing');
    case 'failed': {
      const limit = state.failure.params['limit'];
      if (state.failure.code === 'file-too-long' && typeof limit === 'number') {
        return words.t('file.tooLong', { limit: fileSize(words, limit), size });
      }
      return words.t('state.failedWhy', { why: failureText(words, state.failure) });
    }
  }
}

/** What was too large to be kept over a reload goes on where it was once the person gives it again. */
function ChooseAgain({ job }: { readonly job: FileJob }) {
  const { files } = useWorkspace();
  const { t } = useWords();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="text-button" onClick={() => input.current?.click()}>
        {t('file.chooseAgain')}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={t('file.chooseAgain')}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file) files.sending.giveAgain(job, sourceOf(file));
          currentTarget.value = '';
        }}
      />
    </>
  );
}
