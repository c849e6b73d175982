// Without a service worker: nothing is served and nothing saved, and a newer version is there when a scene says so.
import type { PageFiles } from '../model/page-files.ts';
import type { VersionSource } from '../model/page-version.ts';

export const ACTED_FILES: PageFiles = {
  ready: Promise.resolve(false),
  serve: () => '',
  withdraw: () => undefined,
  save: () => undefined,
  preview: async () => undefined,
  groupPicture: async () => undefined,
};

export function actedVersion(isNewer: boolean): VersionSource {
  return {
    onChange: (listener) => {
      listener(isNewer);
      return () => {};
    },
    look: () => undefined,
    reload: () => location.reload(),
  };
}
