/** Texts that are no ids and that lead a careless store to the record of `victim`, to another file, or to many. */
export function hostileIds(victim: string): readonly string[] {
  return [
    '',
    '.',
    '..',
    '/',
    '../x',
    '../../../../../../etc/passwd',
    '/etc/passwd',
    `./${victim}`,
    `/${victim}`,
    `${victim}/`,
    `../agents/${victim}`,
    `x/../${victim}`,
    `..\\${victim}`,
    `${victim}\0`,
    `${victim}\n`,
    ` ${victim}`,
    `${victim}.jsonl`,
    victim.toUpperCase(),
    victim.replaceAll('-', '_'),
    `${victim.slice(0, -1)}%`,
    `${victim.slice(0, -1)}*`,
    `${victim}' or '1'='1`,
    encodeURIComponent(`../agents/${victim}`),
    '__proto__',
    'a'.repeat(65),
    'a'.repeat(5000),
  ]
}

/** Text that a store must give back as it was: every plane, control characters, and half of a character that was cut. */
export const STRANGE_TEXT =
  'ü ß 漢字 🚀 e\u0301 \u200f\u2028\u2029\ufeff \0\u0001\u001b[31m\r\n\t "\'`\\ %s $& <!-- </script> \ud83d'
