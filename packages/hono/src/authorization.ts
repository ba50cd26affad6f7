/*
 * RFC 9110, sections 11.4, 11.2 and 5.6.4:
 *
 * credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
 * auth-param  = token BWS "=" BWS ( token / quoted-string )
 */
const PARAMETER = /^[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]*=/;
const QUOTED = /"(?:[^"\\]|\\.)*"?/g;

/**
 * Takes apart what `Headers` has joined: the `Authorization` lines that a value is made of. A comma also
 * stands between the parameters of one scheme, and what follows it there names a parameter; whatever else
 * follows a comma was a line of its own, or is no credential that anyone could accept.
 */
export function splitAuthorization(value: string): readonly string[] {
  const [, ...others] = value.replace(QUOTED, '').split(',');
  return others.every((part) => PARAMETER.test(part)) ? [value] : value.split(',');
}
