// The canopy.toml that `init` and `join` write: what was given stands as a value, the rest as a comment with its
// default, so that an operator sees in the file what could be set.
import type { DataDirectory } from './data-directory.ts';
import { exists } from './data-directory.ts';
import { writePrivateFile } from './private-file.ts';
import { SETTING_FACTS, SETTING_KEYS, type SettingKey } from './setting-table.ts';
import type { GivenSettings } from './settings.ts';

/** Settings of the demonstration's pages, which no operator needs to see. */
const UNLISTED = 'demo.';

export function settingsText(given: GivenSettings): string {
  const lines = ['# Settings of this host. "canopy config show" tells which value is in force and why.'];
  let section = '';
  for (const key of SETTING_KEYS) {
    if (key.startsWith(UNLISTED) && given[key] === undefined) continue;
    const [head = '', name = ''] = key.split('.');
    if (head !== section) lines.push('', `[${head}]`);
    section = head;
    lines.push(...settingLines(key, name, given));
  }
  return `${lines.join('\n')}\n`;
}

function settingLines(key: SettingKey, name: string, given: GivenSettings): string[] {
  const { fallback, note } = SETTING_FACTS[key];
  const value = given[key];
  const written =
    value === undefined ? `# ${name} = ${JSON.stringify(fallback)}` : `${name} = ${JSON.stringify(value)}`;
  return [`# ${note}`, written];
}

/** Leaves a file that exists as it is: joining again must not undo what an operator wrote. */
export async function writeFirstSettings(directory: DataDirectory, given: GivenSettings): Promise<void> {
  if (await exists(directory.settings)) return;
  await writePrivateFile(directory.settings, settingsText(given));
}
