// Photos, files and links of a conversation, as far as it is loaded here, the newest first.
import { useSignal } from '@preact/signals';
import type { FileCard } from '../../../src/client/client.ts';
import type { Chat } from '../model/chat.ts';
import { kindOfFile, plainName } from '../model/file-kind.ts';
import { messageParts } from '../model/message-parts.ts';
import { saidAt } from '../model/said.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { useWords, useWorkspace } from './context.ts';
import { FileCardView } from './file-view.tsx';
import { Icon } from './icon.tsx';
import { PreviewCanvas } from './preview-canvas.tsx';
import { Tabs } from './tabs.tsx';

const KINDS = ['photos', 'files', 'links'] as const;
type Kind = (typeof KINDS)[number];

interface Sent {
  readonly message: ShownMessage;
  readonly file: FileCard;
}

export function SharedFiles({ chat }: { readonly chat: Chat }) {
  const { chats } = useWorkspace();
  const { t } = useWords();
  const kind = useSignal<Kind>('photos');
  const timeline = chats.timelineOf(chat);
  const said = timeline.view.value.items
    .flatMap((item) => (item.kind === 'message' && item.deletedBy === undefined ? item : []))
    .toReversed();
  const sent = said.flatMap((message): Sent[] => (message.file ? [{ message, file: message.file }] : []));
  return (
    <Tabs
      label={t('shared.title')}
      tabs={KINDS.map((name) => ({ name, label: t(`shared.${name}`) }))}
      current={kind.value}
      onChoose={(name) => (kind.value = name)}
    >
      <div class="shared">
        {kind.value === 'photos' && <Photos sent={sent.filter(({ file }) => isSeen(file))} />}
        {kind.value === 'files' && <FileList sent={sent.filter(({ file }) => !isSeen(file))} />}
        {kind.value === 'links' && <LinkList said={said} />}
        {!timeline.complete.value && (
          <button type="button" class="text-button" onClick={() => void timeline.loadOlder()}>
            {t('shared.older')}
          </button>
        )}
      </div>
    </Tabs>
  );
}

function isSeen(file: FileCard): boolean {
  return ['image', 'video'].includes(kindOfFile(file));
}

function Photos({ sent }: { readonly sent: readonly Sent[] }) {
  const { files } = useWorkspace();
  const { t } = useWords();
  if (sent.length === 0) return <p class="note">{t('shared.noPhotos')}</p>;
  return (
    <ul class="photos">
      {sent.map(({ message, file }) => (
        <li key={message.id}>
          <button
            type="button"
            class="photo"
            aria-label={t('file.look', { name: plainName(file.name) })}
            onClick={() => (files.shown.looked.value = message.id)}
          >
            {file.preview ? (
              <PreviewCanvas preview={file.preview} />
            ) : (
              <Icon name={kindOfFile(file) === 'video' ? 'play' : 'picture'} />
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}

function FileList({ sent }: { readonly sent: readonly Sent[] }) {
  const { t } = useWords();
  if (sent.length === 0) return <p class="note">{t('shared.noFiles')}</p>;
  return (
    <ul class="shared-list">
      {sent.map(({ message, file }) => (
        <li key={message.id}>
          <FileCardView file={file} />
        </li>
      ))}
    </ul>
  );
}

function LinkList({ said }: { readonly said: readonly ShownMessage[] }) {
  const words = useWords();
  const links = said.flatMap((message) =>
    messageParts(message.text ?? '', []).flatMap((part) => (part.kind === 'link' ? [{ message, part }] : [])),
  );
  if (links.length === 0) return <p class="note">{words.t('shared.noLinks')}</p>;
  return (
    <ul class="shared-list">
      {links.map(({ message, part }, at) => (
        <li key={at} class="shared-link">
          <a href={part.href} target="_blank" rel="noopener noreferrer" title={part.href} dir="auto">
            {part.text}
          </a>
          {part.warning && (
            <span class="link-warning">
              <Icon name="alert" small />
              {words.t('message.linkWarning', { host: part.warning.host })}
            </span>
          )}
          <span class="note">{words.full(saidAt(message))}</span>
        </li>
      ))}
    </ul>
  );
}
