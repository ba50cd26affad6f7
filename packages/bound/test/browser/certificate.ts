import { createHash, X509Certificate } from 'node:crypto';

/** A certificate for `localhost`, and its key, which is used in these tests only. */
export const TLS = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggKnePeelwhzXqBio
FhUq5vpkxdyzG5+YLucwyHUlYQGhRANCAATp/G79UkNiAld1JsYNNOKr6dofVSZh
/mW3lR8QJaiA8Tp6U/kSDpVL1HWj7+AGDgU+4qif3q3q8/cVUxzo1UNY
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUV0Hhzc3OlGTxUeXdMETK2VmkhZMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDA4MDE0MVoYDzIxMjYxMTA2
MDgwMTQxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATp/G79UkNiAld1JsYNNOKr6dofVSZh/mW3lR8QJaiA8Tp6U/kSDpVL
1HWj7+AGDgU+4qif3q3q8/cVUxzo1UNYo2kwZzAdBgNVHQ4EFgQUkBdpLgbMcFr3
GenhK+PpZtr5IeIwHwYDVR0jBBgwFoAUkBdpLgbMcFr3GenhK+PpZtr5IeIwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SQAwRgIhAIQKUVuupL2vrGMS3OYUfBlp0CjuA0BsPbgBytyVjoCmAiEAsYW6bo2h
waI5138iDkOuSoVIDTaJigDWX9ub+3KuBRc=
-----END CERTIFICATE-----`,
};

const key = new X509Certificate(TLS.cert).publicKey.export({ type: 'spki', format: 'der' });

/** By which Chromium is told to accept it: the errors of every certificate must not be ignored, or it binds nothing. */
export const SPKI_DIGEST: string = createHash('sha256').update(key).digest('base64');
