// Files in a browser: what was picked, small pictures of it, URLs that the service worker answers, and the browser's downloads.
import type { FileSource } from '../../src/client/client.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { systemRandom } from '../../src/realm/random.ts';
import { kindOfFile } from './model/file-kind.ts';
import type { PageFiles } from './model/page-files.ts';
import { servedSource } from './model/shown-files.ts';
import { groupPictureOf, previewOfFilm, previewOfPicture } from './previews.ts';
import { registerWorker, type WorkerLine } from './worker/registration.ts';
import { ServedFiles } from './worker/served-files.ts';

/** Milliseconds after which a frame that handed its file over is gone. */
const FRAME_LASTS = 60_000;

export function pageFiles(): PageFiles {
  const served = new ServedFiles({
    clock: systemClock,
    random: systemRandom,
    tellWorker: (message) => line.tell(message),
  });
  const line: WorkerLine = registerWorker((data, port) => served.take(data, port));
  return {
    ready: line.ready,
    serve: (file) => served.serve(file),
    withdraw: (url) => served.withdraw(url),
    save,
    groupPicture: groupPictureOf,
    preview: async (source) => {
      const kind = kindOfFile(source);
      if (kind === 'image') return previewOfPicture(source);
      if (kind !== 'video' || !(await line.ready)) return undefined;
      const url = served.serve(servedSource(source));
      try {
        return await previewOfFilm(url);
      } finally {
        served.withdraw(url);
      }
    },
  };
}

/** A file of the browser as the client library reads it. */
export function sourceOf(file: File): FileSource {
  return {
    name: file.name,
    size: file.size,
    type: file.type,
    mark: `${file.name}/${file.size}/${file.lastModified}`,
    read: async (from, length) => new Uint8Array(await file.slice(from, from + length).arrayBuffer()),
  };
}

/** By a frame of its own: whatever comes of it, the page stays where it is. */
function save(url: string): void {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = '';
  frame.src = url;
  document.body.append(frame);
  systemClock.after(FRAME_LASTS, () => frame.remove());
}
