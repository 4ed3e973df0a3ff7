/** Colours that hold in light and dark, and for eyes that tell red and green apart badly (Okabe and Ito's, 2008). */

const HUES = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** A server's own, the same for its migrations. */
export const hueOf = (servers: readonly string[], consumer: string): string =>
  HUES[servers.findIndex((server) => consumer === server || consumer.startsWith(`${server}/`)) % HUES.length] ??
  '#8a8f98';

/** Of charts that stand alone, as files: the page of a report has the same names in its own style. */
export const CHART_STYLE = `
  svg { --ink: #1b1f24; --dim: #6a737d; --line: #d0d7de; --paper: #ffffff; --band: #f6f8fa; --bad: #c5221f; --good: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6edf3; --dim: #9aa4af; --line: #3d444d; --paper: #0d1117; --band: #161b22; --bad: #ff7b72; --good: #56d364 }
  }
  text { font: 12px system-ui, sans-serif; fill: var(--ink) }
  .dim { fill: var(--dim) }
  .small { font-size: 10.5px }
  .bad { fill: var(--bad) }
  .on-bar { fill: #ffffff; font-weight: 600; paint-order: stroke; stroke: rgb(0 0 0 / 45%); stroke-width: 2.5px }
`;
