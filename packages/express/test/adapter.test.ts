import { adapterSuite } from '@sess/testkit/suites';
import express from 'express';
import express4 from 'express4';
import { beyondShort } from '../../../test/token-modes.js';
import { createHost } from './host.js';

const earlier = express4 as unknown as typeof express;

adapterSuite('Express 5', createHost(express, 'test'), beyondShort);
adapterSuite('Express 5 in production', createHost(express, 'production'), beyondShort);
adapterSuite('Express 4 in production', createHost(earlier, 'production'), beyondShort);
