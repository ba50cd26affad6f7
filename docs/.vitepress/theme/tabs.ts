/** Whoever reads for Fastify wants every group of tabs on the page to show Fastify. */
export function keepTabsTogether(page: Document): void {
  let isFollowing = false;
  page.addEventListener('change', ({ target }) => {
    const label = labelOf(target);
    if (isFollowing || label === undefined) return;
    isFollowing = true;
    for (const input of page.querySelectorAll<HTMLInputElement>('.vp-code-group .tabs input')) {
      if (!input.checked && labelOf(input) === label) input.click();
    }
    isFollowing = false;
  });
}

function labelOf(target: EventTarget | null): string | undefined {
  if (!(target instanceof HTMLInputElement) || target.closest('.vp-code-group') === null) return;
  return target.labels?.[0]?.textContent ?? undefined;
}
