import type { Message, Tabs } from '../../src/types.js';

/** Tabs of one browser: a channel and a lock between them. */
export interface FakeBrowser {
  /** For one tab's environment. */
  openTabs(name: string, listener: (message: Message) => void): FakeTab;
  readonly messages: readonly Message[];
  /** Holds messages back until `deliver`. */
  hold(): void;
  deliver(): void;
  /** Throws away what is held back. */
  lose(): void;
}

export interface FakeTab extends Tabs {
  /** As when the user closes it: nothing of it goes on, and its lock is free. */
  die(): void;
}

export interface FakeBrowserOptions {
  /** Default `true`. */
  readonly hasLocks?: boolean;
}

export function createFakeBrowser({ hasLocks = true }: FakeBrowserOptions = {}): FakeBrowser {
  const listeners = new Map<FakeTab, (message: Message) => void>();
  const messages: Message[] = [];
  let held: (() => void)[] | undefined;
  const queue: { readonly tab: FakeTab; readonly grant: () => Promise<void> }[] = [];
  let holder: FakeTab | undefined;

  function grantNext(): void {
    if (holder !== undefined) return;
    const next = queue.shift();
    if (next === undefined) return;
    holder = next.tab;
    void next.grant().finally(() => release(next.tab));
  }

  function release(tab: FakeTab): void {
    if (holder === tab) holder = undefined;
    grantNext();
  }

  function openTabs(_name: string, listener: (message: Message) => void): FakeTab {
    const tab: FakeTab = {
      post(message) {
        if (!listeners.has(tab)) throw new Error('InvalidStateError: the channel is closed');
        messages.push(message);
        const copy = structuredClone(message);
        const others = [...listeners.keys()].filter((other) => other !== tab);
        const deliver = (): void => {
          for (const other of others) listeners.get(other)?.(copy);
        };
        if (held === undefined) setImmediate(deliver);
        else held.push(deliver);
      },
      exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
        if (!hasLocks) return work();
        return new Promise<Result>((resolve, reject) => {
          const grant = (): Promise<void> => work().then(resolve, reject);
          queue.push({ tab, grant });
          // Never at once: the browser decides elsewhere.
          setImmediate(grantNext);
        });
      },
      countWaiting: async () => queue.length,
      close: () => void listeners.delete(tab),
      die() {
        listeners.delete(tab);
        release(tab);
      },
    };
    listeners.set(tab, listener);
    return tab;
  }

  return {
    openTabs,
    messages,
    hold: () => {
      held = [];
    },
    deliver: () => {
      const late = held ?? [];
      held = undefined;
      for (const deliver of late) deliver();
    },
    lose: () => {
      held = undefined;
    },
  };
}
