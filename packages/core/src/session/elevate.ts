import type { ElevateInput } from '../engine.js';
import { type DataPart, isExpired, isGuest, type SessionLife } from '../store/record.js';
import { isSid } from '../token/session-id.js';
import type { Issued, Session } from '../types.js';
import { assertKnown } from '../util/options.js';
import type { EngineContext } from './context.js';
import { retireFamily } from './former.js';
import { createTokenFamily, issueTokens } from './issue-tokens.js';
import { policyOf, readLife } from './lifetimes.js';
import { type Attempt, updateWithRetry } from './optimistic-update.js';
import { readProof } from './proof.js';
import { assertPatch, createApplyPatch } from './update.js';

const MAX_ATTEMPTS = 8;

const INPUT: readonly (keyof ElevateInput)[] = [
  'acr',
  'amr',
  'data',
  'idleTtl',
  'absoluteTtl',
  'remember',
];

/**
 * Creates `elevate`: a new family of tokens after re-authentication, and new deadlines (NIST SP 800-63B, section 5.2).
 * Tokens, proof and data are written together or not at all.
 */
export function createElevate<Data extends object>(context: EngineContext) {
  const { settings, tokens, store, runExclusive, rules } = context;
  const applyPatch = createApplyPatch<Data>(context);
  const isLookedUp = tokens.verify === undefined;

  return async function elevate(
    target: string | Session<Data>,
    given: ElevateInput<Data> = {},
  ): Promise<Issued<Data> | undefined> {
    assertKnown('elevate', given, INPUT);
    const proof = readProof(given);
    const { data: patch } = given;
    if (patch !== undefined) assertPatch(patch);
    const newLife = readLife(given, settings);
    const sid = typeof target === 'string' ? target : target.sid;
    if (!isSid(sid)) return undefined;
    const issued = await runExclusive(sid, () =>
      updateWithRetry(store, {
        sid,
        maxAttempts: MAX_ATTEMPTS,
        async decide(record, at): Promise<Attempt<Issued<Data> | undefined>> {
          if (isExpired(record, at) || isGuest(record)) return { outcome: undefined };
          const life = newLife ?? (given.remember === true ? undefined : record.data.life);
          const policy = policyOf(settings, life);
          const fresh = createTokenFamily({ at, policy, random: settings.random });
          const former = retireFamily(record.auth, { at, overlap: policy.overlap, isLookedUp });
          const plain = {
            ...fresh.auth,
            ...proof,
            // Until a token of the new family is presented, the client may have the earlier one only.
            ...(former.length === 0 ? {} : { former, acknowledged: false }),
          };
          const auth = rules.issue(plain, fresh, record.auth);
          const kept = life === record.data.life ? record.data : withLife(record.data, life);
          const next = { ...record, auth, data: kept };
          const data = patch === undefined ? kept : await applyPatch(next, patch);
          return {
            outcome: await issueTokens<Data>(context, { ...fresh, record: { ...next, data }, at }),
            write: () =>
              store.replaceAuth(record, auth, undefined, data === record.data ? undefined : data),
          };
        },
      }),
    );
    if (issued !== undefined) settings.logger.info({ sid }, 'session elevated');
    return issued;
  };
}

function withLife({ life: _life, ...others }: DataPart, life: SessionLife | undefined): DataPart {
  return Object.freeze(life === undefined ? others : { ...others, life });
}
