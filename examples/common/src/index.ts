export { type JsonObject, readJsonObject } from './body.js';
export { type DeviceNames, describeDevice, type ListedDevice, listDevices } from './devices.js';
export { createEngine } from './engine.js';
export { readSignIn } from './input.js';
export { createPage } from './page.js';
export { Problem, type ProblemCode, problemReply, replyToFailure } from './problem.js';
export { COMMON_HEADERS, replyToUnmatched } from './routes.js';
export { type Example, run } from './run.js';
export { type ExampleSettings, readSettings, SettingsError } from './settings.js';
