import { memoryStore } from '@sess/core';
import { simulationSuite } from '@sess/testkit';

simulationSuite('the memory store', { makeStore: (clock) => memoryStore({ clock }) });
