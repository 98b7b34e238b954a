import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { commandLine } from '../src/command.ts'
import { type Identity, keyCommands, type ShownRow, sendCommands } from '../src/command-line.ts'
import { findQuestion } from '../src/hooks/window-question.ts'
import { eventually, systemProgram, World } from './support/world.ts'

const PWNED = '/tmp/orch-test-pwned'
const LABELS = ['#{pane_pid}', `#(touch ${PWNED})`, 'a"b\\c\'d; e}, f', '$(x) `y` [z]* ^.|+?']
const QUESTION = { id: 'q', question: `Pick #{pane_id} #(touch ${PWNED}) "x" \\ ', }: %H ##?`, options: LABELS }

/** A question as Codex draws it. */
const DIALOG = [
  '',
  '  Question 1/1 (1 unanswered)',
  `  ${QUESTION.question}`,
  '',
  ...[...LABELS, 'None of the above'].map((label, at) => `  ${at === 0 ? '›' : ' '} ${at + 1}. ${label}  so it is`),
  '',
  '  tab to add notes | enter to submit answer | esc to interrupt',
]

/** What a window with these rows prints of what is pressed, and what the call says. */
async function pressed(world: World, shown: readonly string[], type = false): Promise<{ said: string; log: string }> {
  const file = join(world.folder, 'screen')
  writeFileSync(file, `\u001b[H${shown.join('\r\n')}`)
  const agent = await world.create(systemProgram('sh', ['-c', 'cat "$0"; exec cat', file]))
  const { run, pane, server } = agent.handle as unknown as Identity
  const screen = (): string => world.tmux('capture-pane', '-p', '-t', pane)
  await eventually('the screen', () => screen().includes(shown.at(-1) as string) || undefined)
  const to = { agent: agent.id, run, pane, server }
  const rows = findQuestion(DIALOG.join('\n'), [QUESTION], 0)?.rows as readonly ShownRow[]
  writeFileSync(join(world.folder, 'text'), 'typed')
  const commands = type
    ? sendCommands(
        to,
        { buffer: 'buffer', file: join(world.folder, 'text') },
        { begin: false, empty: null, keys: [], shown: rows },
      )
    : keyCommands(to, ['t', 'y', 'p', 'e', 'd'], rows)
  const said = world.tmux(...commandLine(world.socket, commands).slice(2))
  if (said === 'SENT\n') await world.output(agent, 'typed')
  return { said, log: screen() }
}

describe('keys for a question', () => {
  it('are pressed, and a text is typed, while the window shows it with texts that tmux could take for formats', async () => {
    await using world = new World()
    expect((await pressed(world, DIALOG)).said).toBe('SENT\n')
    await using other = new World()
    expect((await pressed(other, DIALOG, true)).said).toBe('SENT\n')
    expect(existsSync(PWNED)).toBe(false)
  })

  it.each([
    ['one option is another', DIALOG.toSpliced(5, 1, '    2. Green  so it is')],
    ['it stands elsewhere', ['', ...DIALOG]],
    ['somebody moved the pointer', DIALOG.map((row) => row.replace('  ›', '   ').replace('    2', '  › 2'))],
    ['a row of it stands above as well', DIALOG.toSpliced(0, 1, DIALOG[4] as string)],
    ['it has gone', ['', '', 'Working']],
  ])('are not pressed when %s', async (_, shown) => {
    await using world = new World()
    const { said, log } = await pressed(world, shown, shown.length === DIALOG.length)
    expect(said).toMatch(/^REFUSED\t\S+\.S+\n$/)
    expect(log).not.toContain('typed')
    expect(world.tmux('list-buffers')).toBe('')
  })
})
