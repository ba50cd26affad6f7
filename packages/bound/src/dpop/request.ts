import type { Issued, Session } from '@sess/core';
import type { Reply, RequestClass, TokenOperations } from '@sess/core/http';
import { hideTokens, problemReply } from '@sess/core/internal';
import { type DpopPort, ProofError } from './port.js';

/** Returns the class of requests that prove a key. */
export function extendRequest(Request: RequestClass, port: DpopPort): RequestClass {
  return class DpopRequest<Data extends object> extends Request<Data> {
    /** The thumbprint of the key that the request has proved for its access token. */
    #jkt: string | undefined;
    /** The reply to an access token whose proof is not accepted. */
    #refusal: Reply | undefined;

    override authenticate(): Reply | undefined | Promise<Reply | undefined> {
      const { kind, token } = this.credentials;
      if (kind !== 'bound') return super.authenticate();
      if (token === undefined) return undefined;
      return this.settle(
        () => port.authenticate(this.exchange, token),
        (proven) => {
          if ('status' in proven) {
            this.#refusal = proven;
          } else {
            this.#jkt = proven.binding?.jkt;
            this.setSession(proven as Session<Data>);
          }
        },
      );
    }

    /** The operations for the key that the client proves, if it proves one: what they issue is bound to it. */
    override get operations(): TokenOperations<Data> {
      const operations = super.operations;
      const prove = async (refreshToken?: string): Promise<TokenOperations<Data>> => {
        const given = { jkt: this.#jkt, ...(refreshToken === undefined ? {} : { refreshToken }) };
        const proven = await port.prove(this.exchange, given);
        return (proven as TokenOperations<Data> | undefined) ?? operations;
      };
      return {
        create: async (...given) => (await prove()).create(...given),
        elevate: async (...given) => (await prove()).elevate(...given),
        async refresh(token, how) {
          const proven = await prove(String(token));
          const result = await proven.refresh(token, how);
          // Of a key that the client has not proved.
          if (!result.ok && result.reason === 'unbound') throw new ProofError('invalid_dpop_proof');
          return result;
        },
      };
    }

    override deliver(issued: Issued<Data>, presented?: string) {
      const tokens = super.deliver(issued, presented);
      const isProven = issued.session.binding?.kind === 'dpop';
      return isProven ? hideTokens({ ...tokens, token_type: 'DPoP' as const }) : tokens;
    }

    override refuse(): Reply {
      if (this.#refusal !== undefined) return this.#refusal;
      return this.exchange.authorization().length === 0
        ? problemReply('session_required', { challenge: port.challenge })
        : super.refuse();
    }
  };
}
