import { lineAt } from './code-of.mjs'

const STATIC_IMPORT = /^[ \t]*(?:import|export)\b(?:[^'"`;()]*?\bfrom\b)?\s*['"]([^'"]+)['"]/gm
const DYNAMIC_IMPORT = /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g

/** Every module a code text names: `{ specifier, lazy, line }`. */
export function importsOf(code) {
  const found = (pattern, lazy) =>
    [...code.matchAll(pattern)].map((match) => ({
      specifier: match[1],
      lazy,
      line: lineAt(code, match.index + match[0].search(/\S/)),
    }))
  return [...found(STATIC_IMPORT, false), ...found(DYNAMIC_IMPORT, true)]
}
