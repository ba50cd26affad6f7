/** How many slots a Cluster has. */
export const SLOTS = 16_384;

/** CRC16 with the polynomial 0x1021, from 0: the one that Redis Cluster is specified with. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    }
    crc &= 0xffff;
  }
  return crc;
}

const encoder = new TextEncoder();

/** The slot of a key that has this text between its first braces. */
export function slotOfHashTag(text: string): number {
  return crc16(encoder.encode(text)) % SLOTS;
}
