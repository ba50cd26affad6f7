/** Marks what the pages of VitePress leave unmarked for screen readers. Call it when a page has been rendered. */
export function markLandmarks(page: Document): void {
  // The start page and the page for unknown addresses have no `main`.
  const content = page.querySelector('#VPContent');
  if (content?.querySelector('main') === null) content.setAttribute('role', 'main');
  else content?.removeAttribute('role');
}
