import { splitWords } from '@orch/core'
import { usageError } from './options.ts'

/**
 * The words of the command that `--verify` names; no shell takes part.
 * @throws OrchError `USAGE`
 */
export function verifyWords(line: string | undefined): readonly string[] | undefined {
  if (line === undefined) return undefined
  const words = splitWords(line)
  if (words !== null && words[0] !== '') return words
  throw usageError(
    'Cannot use "--verify": its command has no words, or a quote that is not closed',
    'Give a program and its arguments, for example --verify "npm test"',
  )
}
