// verify of hono/jwt, as its middleware calls it.
import { verify } from 'hono/jwt';

export function createHonoJwt({ alg, text }) {
  const options = { alg, iss: 'https://api.example.com', aud: 'https://api.example.com' };
  return (token) => verify(token, text, options);
}
