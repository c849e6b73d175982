// Which release this is: package.json says it, once.
import manifest from '../../package.json' with { type: 'json' };

export const RELEASE: string = manifest.version;
