/** Gives sessions and tokens short names, so that a history can be read and holds no secret. */
export interface Names {
  session(sid: string): string;
  /** `s7/r3` is generation 3 of session s7; a second, different token of that generation is `s7/r3b`. */
  refresh(token: string): { readonly name: string; readonly generation: number };
  /** `s7/a3` came together with `s7/r3`; a different one that did is `s7/a3b`. */
  access(token: string, refreshName: string): string;
}

export function createNames(): Names {
  const sessions = new Map<string, string>();
  const tokens = new Map<string, string>();
  const counts = new Map<string, number>();

  const session = (sid: string): string => {
    const name = sessions.get(sid) ?? `s${sessions.size + 1}`;
    sessions.set(sid, name);
    return name;
  };

  const nameOf = (token: string, base: string): string => {
    const known = tokens.get(token);
    if (known !== undefined) return known;
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    const name = count === 0 ? base : `${base}${String.fromCharCode(97 + count)}`;
    tokens.set(token, name);
    return name;
  };

  return {
    session,
    refresh(token) {
      // srt_<32 of sid>.<16 of family><6 of generation>.<secret>
      const generation = Buffer.from(token.slice(53, 59), 'base64url').readUInt32BE();
      const base = `${session(token.slice(4, 36))}/r${generation}`;
      return { name: nameOf(token, base), generation };
    },
    access: (token, refreshName) => nameOf(token, refreshName.replace('/r', '/a')),
  };
}
