import { checkEnded, checkRefused } from './checks/endings.js';
import { checkDeadlines, checkSignedOut, checkThieves } from './checks/honesty.js';
import { createLosses } from './checks/losses.js';
import { checkPatches } from './checks/patches.js';
import { tellStories } from './checks/sessions.js';
import { checkNeverBack, checkSuccessors } from './checks/successors.js';
import type { Finding, History, Tolerance } from './history.js';

/**
 * Holds a recorded history against what the engine promises. Pure: the same history gives the same
 * findings. A call counts as before another when it had ended before the other began; of calls that overlap, either
 * order is right.
 */
export function checkHistory(history: History, tolerance: Tolerance): readonly Finding[] {
  const losses = createLosses(history.disturbances, tolerance);
  return [
    ...checkThieves(history),
    ...checkDeadlines(history, tolerance),
    ...tellStories(history).flatMap((story) => [
      ...checkEnded(story, losses),
      ...checkRefused(story, losses),
      ...checkSuccessors(story, losses),
      ...checkNeverBack(story, losses),
      ...checkSignedOut(story, losses),
      ...checkPatches(story, losses),
    ]),
  ];
}
