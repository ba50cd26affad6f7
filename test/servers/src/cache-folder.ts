import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';

/**
 * Fills a folder beside its place and moves it there in one step, so that no process ever sees half of it. Of processes
 * that do so at the same time, all use the folder of the first one. A folder that is there and does not work is replaced.
 *
 * @param given.fill fills an empty folder
 * @param given.find returns what a folder holds; rejects if that does not work
 */
export async function fillCacheFolder<Found>(given: {
  readonly folder: string;
  readonly fill: (draft: string) => Promise<void>;
  readonly find: (folder: string) => Promise<Found>;
}): Promise<Found> {
  const { folder, fill, find } = given;
  const draft = `${folder}.${randomUUID()}`;
  const broken = `${draft}.broken`;
  await mkdir(draft, { recursive: true });
  try {
    await fill(draft);
    await find(draft);
    if (await isMoved(draft, folder)) return await find(folder);
    // Something is there: another process was first, or it is the broken one that made this necessary.
    try {
      return await find(folder);
    } catch {
      await isMoved(folder, broken);
      await isMoved(draft, folder);
      return await find(folder);
    }
  } finally {
    for (const left of [draft, broken]) await rm(left, { recursive: true, force: true });
  }
}

function isMoved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}
