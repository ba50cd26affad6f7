import { memoryStore } from '@sess/core';
import { simulationSuite } from '../src/index.js';

simulationSuite('the memory store', { makeStore: (clock) => memoryStore({ clock }) });
