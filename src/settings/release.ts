// Which release this is: package.json says it, once.
import manifest from '../../package.json' with { type: 'json' };

export const RELEASE: string = manifest.version;

/** When this release was built, milliseconds since 1970: no host's clock is right that says less. */
export const BUILT = Date.UTC(2026, 10, 1);
