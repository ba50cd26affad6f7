/** Runs `callback` after so many milliseconds, unless the answered function is called first. */
export type StartTimer = (callback: () => void, milliseconds: number) => () => void;

/** The timers of the machine. */
export const startTimer: StartTimer = (callback, milliseconds) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};

/** The same, but a process that has nothing else to do does not wait for it. */
export const startBackgroundTimer: StartTimer = (callback, milliseconds) => {
  const timer = setTimeout(callback, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    startTimer(resolve, milliseconds);
  });
}
