import { adapterSuite } from '@sess/testkit/suites';
import express from 'express';
import express4 from 'express4';
import { beyondShort } from '../../../test/token-modes.js';
import { createHost } from './host.js';

adapterSuite('Express 5', createHost(express), beyondShort);
adapterSuite('Express 4', createHost(express4 as unknown as typeof express), beyondShort);
