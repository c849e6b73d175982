// Without a service worker: nothing is served and nothing saved.
import type { PageFiles } from '../model/page-files.ts';

export const ACTED_FILES: PageFiles = {
  ready: Promise.resolve(false),
  serve: () => '',
  withdraw: () => undefined,
  save: () => undefined,
  preview: async () => undefined,
};
