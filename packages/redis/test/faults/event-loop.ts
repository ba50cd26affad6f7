const TICK = 10;

/**
 * Watches how long this process keeps its event loop busy; the answered function ends it and says the
 * worst, in milliseconds. A late tick is charged with no more than the processor time that went
 * into it: on a busy machine ticks are late because others run.
 */
export function watchEventLoop(): () => number {
  let worst = 0;
  let last = performance.now();
  let spent = process.cpuUsage();
  const timer = setInterval(() => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(spent);
    worst = Math.max(worst, Math.min(now - last - TICK, (user + system) / 1_000));
    last = now;
    spent = process.cpuUsage();
  }, TICK);
  return () => {
    clearInterval(timer);
    return worst;
  };
}
