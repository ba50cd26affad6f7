// What every contender keeps for a session, so that none is larger by what it was given.

/** Text of a device, as a browser sends it. */
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

export function sampleSession(subject) {
  return {
    subject,
    device: { userAgent: USER_AGENT, ip: '203.0.113.77' },
    data: { handle: subject, roles: ['editor', 'reader'], plan: 'team', theme: 'dark' },
  };
}

/** Bytes of what the caller gave: the share of a record that no store can save. */
export function sampleBytes(subject) {
  return Buffer.byteLength(JSON.stringify(sampleSession(subject)));
}

/** Ids as databases hand them out. */
export function subjectNamed(run, n) {
  return `user-${run}-${String(n).padStart(6, '0')}`;
}
