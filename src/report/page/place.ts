/** Where the reader is, as the part of an address behind `#`: a view, or a finding by its token and signature. */

export const VIEWS = ['findings', 'statistics', 'coverage', 'trend'] as const;
export type View = (typeof VIEWS)[number];

export type Place =
  | { readonly view: View }
  | {
      readonly view: 'finding';
      readonly token: string;
      /** as the link says it: a report of another day has another token for the same signature */
      readonly signature: string | null;
    };

export function placeOf(hash: string): Place {
  const text = hash.replace(/^#/, '');
  const view = VIEWS.find((name) => name === text);
  if (view !== undefined) return { view };
  const slash = text.indexOf('/');
  const token = slash < 0 ? text : text.slice(0, slash);
  if (!token.startsWith('cc')) return { view: 'findings' };
  return { view: 'finding', token, signature: slash < 0 ? null : decoded(text.slice(slash + 1)) };
}

export const findingHash = ({ token, signature }: { readonly token: string; readonly signature: string }): string =>
  `#${token}/${encodeURIComponent(signature)}`;

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // half an escape: somebody cut the link
    return null;
  }
}
