import { describe } from 'vitest';
import { compilePrograms } from '../../../test/types-of-programs.js';

describe('a program beside other packages that declare a session', () => {
  compilePrograms('packages/fastify/test-types');
});
