import { describe, expect, it } from 'vitest';
import { createSubjectQueue } from '../src/store/subject-queue.js';

describe('createSubjectQueue', () => {
  it('runs works of one tag one after the other, and of two tags concurrently', async () => {
    const queue = createSubjectQueue();
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
    const queue = createSubjectQueue();
    await expect(queue.run('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await queue.run('a', async () => 7)).toBe(7);
  });

  it('rejects a work once 1,000 of its tag are waiting', async () => {
    const queue = createSubjectQueue();
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
});
