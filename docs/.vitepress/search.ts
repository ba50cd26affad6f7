/** Options of the search. VitePress copies the functions to the page as text, so that each must stand alone. */
export const searchOptions = {
  fuzzy: 0.2,
  prefix: true,
  boost: { title: 4, text: 2, titles: 1 },
  // The guides come before generated pages, exact rules and evidence that have the same words.
  boostDocument: (id: string): number =>
    /^\/(reference\/(api|rotation)|quality|decisions)\b/.test(id) ? 0.25 : 1,
};

/** True if the search finds a page. The list of all tests has every word of every guide. */
export function isSearched(path: string): boolean {
  return path !== 'quality/evidence.md';
}
