import { execFileSync } from 'node:child_process'
import { expect, it } from '@jest/globals'
import { shellQuote } from '../../src/split-words.ts'
import { DEFAULT_TEMPLATE, fillTemplate } from '../../src/workspace/context-template.ts'
import { contextParts, type SpawnContext } from '../../src/workspace/spawn-context.ts'

const CONTEXT = {
  id: 'fix-login-7k3q',
  task: '  Fix the login\n\nWith care.\n',
  project: "/home/a b/it's here",
  directory: '/trees/login',
  workspace: '/project/.orch/workspace/fix-login-7k3q',
  command: null,
}

it('a spawn context holds the whole task first, and where everything is', () => {
  const text = textOf(CONTEXT)
  expect(text.startsWith('Fix the login\n\nWith care.\n')).toBe(true)
  for (const part of [CONTEXT.id, CONTEXT.project, CONTEXT.directory, `${CONTEXT.workspace}/WORKSPACE.md`])
    expect(text).toContain(part)
  expect(text).toContain('Phase: NAME - NOTE')
})

it('a spawn context prints the literal command, which a shell runs as it is meant', () => {
  const command = ['/opt/node 20/bin/node', "/it's/orch.js"]
  const text = textOf({ ...CONTEXT, command })
  const line = /```sh\n(.*)\n```/.exec(text)?.[1] as string
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], {
    encoding: 'utf8',
  })
    .trimEnd()
    .split('\n')
  const flags = ['--note', 'NOTE', '--id', CONTEXT.id, '--project', CONTEXT.project]
  expect(words).toEqual([...command, 'phase', 'PHASE', ...flags])
  expect(text).not.toContain('Phase: NAME - NOTE')
  expect(text).toContain(` ask QUESTION --id ${CONTEXT.id} --project ${shellQuote(CONTEXT.project)}\n`)
  expect(text).toContain(`"--parent ${CONTEXT.id}"`)
  expect(textOf(CONTEXT)).not.toContain('ask QUESTION')
})

it('shellQuote() makes one word of any text', () => {
  for (const text of ['', 'a b', "it's", '$(touch x)', '`x`', 'a\nb', '\\', '"', '*', '-n'])
    expect(
      execFileSync('sh', ['-c', `printf '%s|' ${shellQuote(text)}`], {
        encoding: 'utf8',
      }),
    ).toBe(`${text}|`)
})

it('a spawn context says what has to be made and has to pass, the skill and the files, each only when there is one', () => {
  const text = textOf({
    ...CONTEXT,
    deliverables: ['CHANGES.md', '/abs/report'],
    verify: ['npm', 'run', 'all tests'],
    skill: {
      name: 'careful',
      folder: '/skills/careful',
      text: '\n# Careful\n\nLook twice.\n',
      resources: ['a.sh'],
    },
    files: [
      { path: '/trees/login/notes/a.md', text: 'see ```js\n1\n``` {{task}}\n' },
      { path: '/elsewhere/b.md', text: 'b' },
    ],
  })
  expect(text).toMatchInlineSnapshot(`
    "Fix the login

    With care.

    ---
    You are the agent "fix-login-7k3q". The text above is your task.

    - Project: /home/a b/it's here
    - You work in: /trees/login
    - Your own folder: /project/.orch/workspace/fix-login-7k3q
    - Your own page: /project/.orch/workspace/fix-login-7k3q/WORKSPACE.md

    When you are done these have to exist, relative to where you work:

    - CHANGES.md
    - /abs/report

    When you are done this command has to pass where you work; run it before you report Complete:

    \`\`\`sh
    npm run 'all tests'
    \`\`\`

    Report your progress whenever it changes (Planning, Implementing, Testing, or words of your own) by adding a line
    "Phase: NAME - NOTE" at the end of your own page.

    Report the phase Complete only when the whole task is done and checked. If you need an answer to go on,
    add a line that starts with "QUESTION: " to your own page (or "BLOCKED: " when something stands in your way)
    and end your turn; the answer comes to you as a message.

    ---
    Work on the task by the skill "careful", whose text follows. Paths in it start in its folder,
    /skills/careful.
    Its other files are: a.sh.

    # Careful

    Look twice.

    ---
    The file notes/a.md goes with the task, as it was when you were started:

    \`\`\`\`
    see \`\`\`js
    1
    \`\`\` {{task}}
    \`\`\`\`

    ---
    The file /elsewhere/b.md goes with the task, as it was when you were started:

    \`\`\`
    b
    \`\`\`
    "
  `)
  const plain = textOf(CONTEXT)
  for (const absent of ['have to exist', 'has to pass', 'skill', 'goes with the task', '\n\n\n'])
    expect(plain).not.toContain(absent)
})

function textOf(context: SpawnContext): string {
  return fillTemplate(DEFAULT_TEMPLATE, contextParts(context)).text
}
