export { createEngine } from './engine.js';
export * from './face.js';
export { createPage } from './page.js';
export { type Example, run } from './run.js';
export { type ExampleSettings, readSettings, SettingsError } from './settings.js';
