// What vite makes of imports that are no modules.
declare module '*?url' {
  const address: string;
  // oxlint-disable-next-line import/no-default-export
  export default address;
}
declare module '*?worker&url' {
  const address: string;
  // oxlint-disable-next-line import/no-default-export
  export default address;
}
declare module '*.css';
/** Made by scripts/emoji-build.ts. */
declare module 'emoji:*' {
  export const rows: readonly (readonly [text: string, name: string, tags: string, group: number])[];
}
