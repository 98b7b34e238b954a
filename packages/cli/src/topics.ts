import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What `orch help` explains beside commands: the file `topics/NAME.md`, and its line in the list. */
export const TOPICS: readonly { readonly name: string; readonly summary: string }[] = [
  { name: 'workflow', summary: 'The usual way, from doctor to complete' },
  { name: 'selectors', summary: 'How agents are named: ids, @last, labels, projects' },
  { name: 'states', summary: 'The states of an agent and what they mean' },
  { name: 'exit-codes', summary: 'What each exit code says' },
  { name: 'json', summary: 'The documents of --json' },
  { name: 'configuration', summary: 'The files, their keys and what outranks what' },
]

const MARKS = /^<!-- .* -->\n/gm

/** The text of a topic. This file and the bundle lie one folder beside the texts. */
export function topicText(name: string): string {
  return readFileSync(join(import.meta.dirname, '../topics', `${name}.md`), 'utf8').replace(MARKS, '')
}
