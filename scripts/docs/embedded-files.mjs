import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const EMBEDDED = /^<!-- (file|parts of) ([\w./-]+) -->\n+```[a-z]*\n([\s\S]*?)^```/gm

/**
 * A code block after `<!-- file PATH -->` is that file; after `<!-- parts of PATH -->` its paragraphs stand in that file
 * word for word and in this order.
 */
export function embeddedProblems(root, text) {
  return [...text.matchAll(EMBEDDED)].flatMap(([, how, path, shown]) => {
    if (!existsSync(join(root, path))) return [`there is no "${path}" to show`]
    const original = readFileSync(join(root, path), 'utf8')
    if (how === 'file') return shown === original ? [] : [`what it shows of "${path}" is not what stands there`]
    return missingParagraphs(paragraphsOf(original), paragraphsOf(shown)).map(
      (line) => `"${path}" has no such paragraph here: ${line}`,
    )
  })
}

const paragraphsOf = (text) => text.trimEnd().split(/\n{2,}/)

function missingParagraphs(original, shown) {
  const rest = [...original]
  return shown.flatMap((paragraph) => {
    const at = rest.indexOf(paragraph)
    if (at < 0) return [paragraph.split('\n')[0]]
    rest.splice(0, at + 1)
    return []
  })
}
