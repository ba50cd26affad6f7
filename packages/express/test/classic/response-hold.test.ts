import type { Response } from 'express';
import { describe, expect, it } from 'vitest';
import { areYoung } from '../../../../test/generations.js';
import { ResponseHold } from '../../src/classic/response-hold.js';

const work = { isDue: () => false, run: async () => {}, fail: () => {} };

describe('ResponseHold', () => {
  it('V8 creates its functions in the young generation, so that nothing keeps a response that is over', async () => {
    const find = () => {
      const response = { write: () => true, end: () => response, writeHead: () => response };
      new ResponseHold(response as unknown as Response, work);
      return [response.write, response.end, response.writeHead];
    };
    expect(await areYoung(find)).toBe(true);
  });
});
