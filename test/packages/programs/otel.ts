import { createSessions, type Sessions } from '@sess/core';
import { instrument } from '@sess/otel';
import { expect } from './expect.js';

const sessions: Sessions<{ handle: string }> = instrument(createSessions<{ handle: string }>());
const { accessToken } = await sessions.create({ subject: 'ada', data: { handle: 'Ada' } });
const verified = await sessions.verify(accessToken);
expect(verified.ok && verified.session.data.handle === 'Ada', 'an instrumented engine verifies');
