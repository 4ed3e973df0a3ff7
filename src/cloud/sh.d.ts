/** The build takes shell scripts as texts, see build.mjs. */
declare module '*.sh' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: what a loader gives has no name
  export default text;
}
