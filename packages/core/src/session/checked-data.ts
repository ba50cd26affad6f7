import { UsageError } from '../errors.js';
import type { Device } from '../types.js';
import { checkSchema, type StandardSchema, toFrozenJson } from '../util/json.js';

/** Runs the schema, if there is one, and makes the outcome frozen JSON. */
export async function checkData(
  schema: StandardSchema<object> | undefined,
  data: object,
): Promise<object> {
  const plain = toFrozenJson(data);
  return schema === undefined ? plain : toFrozenJson(await checkSchema(schema, plain));
}

const DEVICE_LENGTHS = { userAgent: 512, ip: 64, label: 128 } as const;

/** Keeps the known fields of a device, as strings of bounded length. @throws UsageError `invalid_argument` */
export function checkDevice(device: Device | undefined): Device {
  if (device === undefined) return Object.freeze({});
  if (typeof device !== 'object' || device === null) {
    throw new UsageError('invalid_argument', 'create: device must be an object, as in { label }.');
  }
  const kept: Record<string, string> = {};
  for (const [name, length] of Object.entries(DEVICE_LENGTHS)) {
    const value: unknown = device[name as keyof Device];
    if (typeof value === 'string' && value !== '')
      kept[name] = value.slice(0, length).toWellFormed();
  }
  return Object.freeze(kept);
}
