import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inflateRawSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { SignedXml } from 'xml-crypto';

const SAML = 'urn:oasis:names:tc:SAML:2.0';
const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** A SAML provider on 127.0.0.1, which is another site than `localhost`. Its user never has to type anything. */
export interface SamlProvider {
  readonly origin: string;
  /** The key of its signatures, in PEM. */
  readonly publicKey: string;
}

/** Starts a provider for one service, which has the URL of the callback as `callbackUrl`. */
export async function startSamlProvider(callbackUrl: string): Promise<SamlProvider> {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const server = createServer((req, res) => {
    const asked = new URL(req.url ?? '', origin).searchParams;
    const request = inflateRawSync(Buffer.from(asked.get('SAMLRequest') ?? '', 'base64'));
    const id = / ID="([^"]+)"/.exec(request.toString())?.[1] ?? '';
    const response = sign(responseTo(id, { origin, callbackUrl }), keys.privateKey);
    res.setHeader('Content-Type', 'text/html');
    res.end(`<form method="post" action="${callbackUrl}">
      <input name="SAMLResponse" value="${Buffer.from(response).toString('base64')}">
      <input name="RelayState" value="${asked.get('RelayState')}"></form>
      <script>document.forms[0].submit()</script>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, publicKey: keys.publicKey };
}

function responseTo(
  id: string,
  { origin, callbackUrl }: { readonly origin: string; readonly callbackUrl: string },
): string {
  const [now, end] = [0, 300_000].map((later) => new Date(Date.now() + later).toISOString());
  return `<p:Response xmlns:p="${SAML}:protocol" xmlns="${SAML}:assertion" ID="_r" Version="2.0" IssueInstant="${now}" InResponseTo="${id}">
    <Issuer>${origin}</Issuer><p:Status><p:StatusCode Value="${SAML}:status:Success"/></p:Status>
    <Assertion ID="_a" Version="2.0" IssueInstant="${now}"><Issuer>${origin}</Issuer>
      <Subject><NameID Format="${SAML}:nameid-format:persistent">ada</NameID>
        <SubjectConfirmation Method="${SAML}:cm:bearer">
          <SubjectConfirmationData InResponseTo="${id}" NotOnOrAfter="${end}" Recipient="${callbackUrl}"/>
        </SubjectConfirmation></Subject>
      <Conditions NotBefore="${now}" NotOnOrAfter="${end}">
        <AudienceRestriction><Audience>shop</Audience></AudienceRestriction></Conditions>
      <AuthnStatement AuthnInstant="${now}"><AuthnContext>
        <AuthnContextClassRef>${SAML}:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>
    </Assertion></p:Response>`;
}

function sign(xml: string, privateKey: string): string {
  const signed = new SignedXml({
    privateKey,
    canonicalizationAlgorithm: C14N,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  });
  const assertion = "//*[local-name(.)='Assertion']";
  signed.addReference({
    xpath: assertion,
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', C14N],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  const location = {
    reference: `${assertion}/*[local-name(.)='Issuer']`,
    action: 'after',
  } as const;
  signed.computeSignature(xml, { location });
  return signed.getSignedXml();
}
