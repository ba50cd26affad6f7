// Runs all clients of one example concurrently.
import { ACTIONS } from './actions.mjs';
import { createDevice, createUser } from './device.mjs';
import { isGoodAnswer, makeGarbage } from './garbage.mjs';
import { createSender } from './http.mjs';
import { createRandom } from './random.mjs';
import { createTally } from './tally.mjs';

const USERS = 12;
const DEVICES = 3;
const VANDALS = 4;
/** A run stops after this number of failures. */
const ENOUGH = 50;

/** @param lives lifetimes in milliseconds */
export function startTraffic({ base, seed, lives }) {
  const sender = createSender(base, USERS * DEVICES + 4 * VANDALS + 8);
  const [honest, hostile] = [createTally(), createTally()];
  let isStopping = false;
  const goesOn = () => !isStopping && honest.failed + hostile.failed < ENOUGH;

  async function live(device) {
    while (goesOn()) {
      try {
        if (await device.prepare()) await device.random.weighted(ACTIONS)(device);
      } catch (error) {
        honest.fail(`${device.label} of ${device.user.name}: ${error.stack ?? error}`);
        device.forget();
      }
    }
  }

  async function annoy(random) {
    while (goesOn()) {
      const garbage = makeGarbage(random);
      const began = performance.now();
      try {
        const { status, text } = await sender.send(garbage);
        hostile.add('garbage', status, performance.now() - began);
        if (status === 503) hostile.addUnavailable('garbage');
        else if (!isGoodAnswer(garbage, status)) {
          hostile.fail(`${JSON.stringify(garbage).slice(0, 400)} resulted in ${status} ${text}`);
        }
      } catch (error) {
        hostile.fail(`${JSON.stringify(garbage).slice(0, 400)}: ${error.message}`);
      }
    }
  }

  const lanes = [];
  for (let n = 0; n < USERS; n += 1) {
    const user = createUser(`user-${n}`);
    for (let m = 0; m < DEVICES; m += 1) {
      const random = createRandom(seed + n * DEVICES + m);
      const label = `device-${m}`;
      user.devices.push(createDevice({ user, label, sender, tally: honest, lives, random }));
    }
    lanes.push(...user.devices.map(live));
  }
  for (let n = 0; n < VANDALS; n += 1) lanes.push(annoy(createRandom(seed + 1_000 + n)));

  return {
    count: () => honest.requests + hostile.requests,
    hasFailed: () => !goesOn(),
    async stop() {
      isStopping = true;
      await Promise.all(lanes);
      sender.close();
      return { honest: honest.summary(), hostile: hostile.summary() };
    },
  };
}
