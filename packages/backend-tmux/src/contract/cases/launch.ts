import { readFile } from 'node:fs/promises'
import { check, checkEqual } from '@orch/core/contract'
import type { ProgramCase, ProgramContext } from '../program-case.ts'

/** What of a program each capability rests on. */
const RESTS_ON = {
  transcript: ({ program: { hooks } }: ProgramContext) => typeof hooks?.entriesOf === 'function',
  interrupt: ({ program: { hooks } }: ProgramContext) => (hooks?.interruptKeys.length ?? 0) > 0,
  resume: ({ program: { hooks } }: ProgramContext) =>
    typeof hooks?.launch(() => '', 'unused').resume === 'function' && hooks.capabilities.includes('transcript'),
  answers: ({ program: { hooks } }: ProgramContext) => hooks?.capabilities.includes('turns') === true,
} as const

/** How it is launched, and what is said of it. */
export const launchCases: readonly ProgramCase[] = [
  {
    id: 'declares-what-it-has',
    requires: [],
    because: 'a capability is a promise to people: the command is offered, and fails when it is typed',
    async run(t) {
      const declared = t.program.hooks?.capabilities ?? []
      for (const [capability, isThere] of Object.entries(RESTS_ON))
        if (declared.some((one) => one === capability))
          check(isThere(t), `a program that declares "${capability}" has what that rests on`)
    },
  },
  {
    id: 'leaves-the-files-of-the-user',
    requires: ['turns'],
    because: 'hooks are passed for one launch: what the user has set must neither change nor be added to',
    async run(t) {
      const before = await contents(t)
      await t.turn(await t.spawn(t.place.prompts.answer('one')), 'ended')
      checkEqual(await contents(t), before, 'a launch leaves the files of the user as they are')
    },
  },
  {
    id: 'takes-its-task-as-declared',
    requires: ['turns'],
    because: 'a task that arrives twice, changed or not at all is another task',
    async run(t) {
      const prompt = t.place.prompts.answer('the only task')
      const request = t.place.request({ prompt })
      const { ref, result } = await t.create(request)
      const promptBy = request.program?.promptBy ?? t.program.spec.promptBy
      checkEqual(result.begun, promptBy !== 'send', 'it has its task at once unless that is typed')
      if (!result.begun) await t.backend.begin(ref, t.message(prompt), t.signal)
      await t.rest(ref, prompt)
      const received = await t.place.received(ref)
      checkEqual(received.filter((text) => text === prompt).length, 1, 'it was given its task once, as it is')
    },
  },
  {
    id: 'knows-its-start-screens',
    requires: [],
    because: 'an agent that waits at a dialog of its program is idle for ever in the eyes of who does not know that',
    async run(t) {
      for (const { name } of t.program.hooks?.startScreens ?? [])
        checkEqual(recognised(t, t.place.screens[name] ?? ''), name, `the recorded screen "${name}" is recognised`)
      const agent = await t.spawn(t.place.prompts.answer('at work'))
      if (t.can('turns')) await t.turn(agent, 'ended')
      checkEqual(recognised(t, await t.place.screen(agent)), null, 'the screen of a program at work is none of them')
    },
  },
]

function recognised({ program }: ProgramContext, screen: string): string | null {
  const plain = screen.replace(/\s+/g, ' ')
  return program.hooks?.startScreens.find(({ shows }) => shows.test(plain))?.name ?? null
}

function contents({ place }: ProgramContext): Promise<readonly string[]> {
  return Promise.all(place.userFiles.map((path) => readFile(path, 'utf8').catch(() => 'not there')))
}
