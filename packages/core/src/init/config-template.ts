import { KEY_TEXTS } from '../config/describe-keys.ts'

const HEAD = `// Configuration of orch for this project: "orch help configuration" explains it, "orch config" changes it.
// What stands here outranks ~/.config/orch/config.json. Comments and a comma after the last value may stay.
`

/** The configuration that `init` writes: valid, and every key in it a comment. */
export function configTemplate(): string {
  const keys = Object.entries(KEY_TEXTS).map(([key, { text, example }]) => {
    const value = JSON.stringify(example, null, 2).replaceAll('\n', '\n  // ')
    return `\n  // ${text}\n  // ${JSON.stringify(key)}: ${value},\n`
  })
  return `${HEAD}{\n  "$schema": "https://unpkg.com/@orch/core/config.schema.json",\n${keys.join('')}}\n`
}
