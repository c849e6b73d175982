// The relay's charter where it lies in the data directory.
import { type DataDirectory, readOptionalBytes } from '../src/settings/data-directory.ts';
import { writePrivateFile } from '../src/settings/private-file.ts';
import { RelayCharter, type RelayCharterComponents } from './charter.ts';

/** @throws LocalError `charter-damaged`, `cannot-read` */
export async function openRelayCharter(
  { relay: { charter: path } }: DataDirectory,
  components: Omit<RelayCharterComponents, 'file'>,
): Promise<RelayCharter> {
  const file = {
    read: () => readOptionalBytes(path),
    write: (bytes: Uint8Array) => writePrivateFile(path, bytes),
  };
  const charter = new RelayCharter({ ...components, file });
  await charter.load();
  return charter;
}
