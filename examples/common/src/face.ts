// The part of what is shared that needs no Node: for runtimes that have neither files nor a process.
export { type JsonObject, readJsonObject, readJsonRequest } from './body.js';
export { type DeviceNames, describeDevice, type ListedDevice, listDevices } from './devices.js';
export { readSignIn } from './input.js';
export { Problem, type ProblemCode, problemReply, replyToFailure } from './problem.js';
export { COMMON_HEADERS, replyToUnmatched } from './routes.js';
