import { describe, expect, it } from 'vitest';
import { createSubjectQueue } from '../src/store/subject-queue.js';

describe('createSubjectQueue', () => {
  it('runs works of one tag one after the other, and of two tags concurrently', async () => {
    const queue = createSubjectQueue({ timeout: 10_000 });
    const order: string[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = queue.run('a', async () => {
      await gate;
      order.push('a1');
    });
    const second = queue.run('a', async () => {
      order.push('a2');
    });
    await queue.run('b', async () => {
      order.push('b1');
    });
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(['b1', 'a1', 'a2']);
  });

  it('goes on after a work that failed', async () => {
    const queue = createSubjectQueue({ timeout: 10_000 });
    await expect(queue.run('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await queue.run('a', async () => 7)).toBe(7);
  });

  it('rejects a work once 1,000 of its tag are waiting', async () => {
    const queue = createSubjectQueue({ timeout: 10_000 });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting = Array.from({ length: 1_000 }, () => queue.run('a', () => gate));
    await expect(queue.run('a', async () => 1)).rejects.toThrow('1000 writes of one subject');
    expect(await queue.run('b', async () => 2)).toBe(2);
    release();
    await Promise.all(waiting);
    expect(await queue.run('a', async () => 3)).toBe(3);
  });

  it('goes on without a work that takes as long as the timeout, and forgets it', async () => {
    // Longer than a busy machine holds up a process, which would count as a wait.
    const queue = createSubjectQueue({ timeout: 250 });
    void queue.run('a', () => new Promise<never>(() => undefined));
    // Those that waited behind it are not sent, since their callers have given up.
    let sent = 0;
    const work = async (): Promise<void> => {
      sent += 1;
    };
    await expect(queue.run('a', work)).rejects.toThrow('waited too long');
    expect(sent).toBe(0);
    await queue.run('a', work);
    expect(sent).toBe(1);
  });
});
