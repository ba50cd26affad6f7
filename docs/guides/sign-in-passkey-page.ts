/** Adds a passkey of this device to the account of the user who is signed in. */
export async function addPasskey(): Promise<void> {
  const options = await (await post('/passkeys/options')).json();
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  await post('/passkeys', await navigator.credentials.create({ publicKey }));
}

/** Signs in with a passkey. */
export async function signInWithPasskey(): Promise<void> {
  const options = await (await post('/sign-in/passkey/options')).json();
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  await post('/sign-in/passkey', await navigator.credentials.get({ publicKey }));
}

async function post(path: string, body: unknown = {}): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
