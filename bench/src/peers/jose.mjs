// jose with a key that was imported once.
import { jwtVerify } from 'jose';

export function createJose({ alg, verifying }) {
  const options = {
    algorithms: [alg],
    issuer: 'https://api.example.com',
    audience: 'https://api.example.com',
  };
  return (token) => jwtVerify(token, verifying, options);
}
