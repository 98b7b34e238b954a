import type { Arguments, Command, RenderedOf } from '../../src/define-command.ts'
import { createPage } from '../../src/page.ts'
import { NOW } from './documents.ts'

/** What a command shows of a document, to a program (`pipe`) or to a person at a terminal of 100 columns. */
export function rendered<Data>(
  command: Command<Data>,
  data: RenderedOf<Data>,
  where: 'pipe' | 'terminal' = 'pipe',
  options: object = {},
): string {
  const terminal = where === 'terminal'
  const page = createPage({ interactive: terminal, colors: terminal, columns: terminal ? 100 : null, now: NOW })
  const args: Arguments = { rest: [], ...options }
  command.render(data, page, args)
  const { answer, talk } = page.take()
  const shown = answer.replaceAll('\x1b', '<esc>')
  return talk === '' ? shown : `${shown}-- stderr --\n${talk}`
}
