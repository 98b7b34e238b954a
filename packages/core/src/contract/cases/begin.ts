import { isOrchError } from '../../errors.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual, isReason, settle } from '../check.ts'
import { HOSTILE_TEXTS, megabyte } from '../hostile-texts.ts'
import { countReceived, foundIds } from '../looks.ts'

const PROMPT = [
  'First line with "double" and \'single\' quotes; $HOME `id` #(id) \\n {{x}} %s',
  '',
  'Ünïcode 漢字 🦄 and a trailing semicolon;',
].join('\n')

export const beginCases: readonly ContractCase[] = [
  {
    id: 'begin-delivers-the-exact-prompt',
    requires: [],
    because: 'a task that arrives changed or twice is another task',
    async run(t) {
      const agent = await t.spawn(PROMPT)
      await t.rest(agent, PROMPT)
      checkEqual(await t.world.received(agent), [PROMPT], 'the program got the prompt, once, unaltered')
    },
  },
  {
    id: 'begin-is-unaltered-or-refused',
    requires: [],
    because: 'a task is text from people and models, and must never become a key, a format or a command',
    async run(t) {
      for (const [what, text] of [...Object.entries(HOSTILE_TEXTS), ['a megabyte', megabyte()] as const])
        await checkTask(t, what, text)
    },
  },
  {
    id: 'begin-is-seen-by-find',
    requires: [],
    because: 'recovery begins an agent again only if it was provably not begun',
    async run(t) {
      const prompt = t.world.prompts.answer('ready')
      const { ref, result } = await t.create(t.world.request({ prompt }))
      const begun = async (): Promise<string | undefined> =>
        (await t.backend.find([ref.target], t.signal)).find(({ id }) => id === ref.id)?.begun
      if (!result.begun) {
        check((await begun()) !== 'yes', 'find() does not say "yes" before begin()')
        await t.backend.begin(ref, t.message(prompt), t.signal)
      }
      await t.rest(ref, prompt)
      const after = await begun()
      checkEqual(after, 'yes', 'find() says "yes" once the program has its task')
    },
  },
  {
    id: 'begin-not-begun-is-no',
    requires: ['turns'],
    because: 'an agent whose spawn died between create and begin waits for its task for ever otherwise',
    async run(t) {
      const { ref, result } = await t.create()
      const found = await t.backend.find([ref.target], t.signal)
      const begun = found.find(({ id }) => id === ref.id)?.begun
      checkEqual(begun, result.begun ? 'yes' : 'no', 'find() says whether create() gave the task')
    },
  },
  {
    id: 'begin-returns-a-receipt',
    requires: [],
    because: 'spawn shows how sure it is that the task arrived',
    async run(t) {
      const prompt = t.world.prompts.answer('ready')
      const { ref, result } = await t.create(t.world.request({ prompt }))
      const receipt = result.begun ? result.receipt : await t.backend.begin(ref, t.message(prompt), t.signal)
      check(receipt !== null, 'whoever gives the task returns a receipt')
      check(receipt.delivery !== 'refused', `the task was not refused: ${receipt.reason?.text}`)
      if (receipt.delivery === 'confirmed')
        checkEqual(await countReceived(t, ref, prompt), 1, 'what is "confirmed" has been received')
      check(!Number.isNaN(Date.parse(receipt.at)), 'the receipt carries its time')
    },
  },
  {
    id: 'begin-of-a-stopped-agent-is-refused',
    requires: [],
    because: 'an agent that was abandoned while its spawn was slow must not start working',
    async run(t) {
      const { ref } = await t.create()
      await t.backend.stop(ref, t.signal)
      const outcome = await settle(t.backend.begin(ref, t.message('too late'), t.signal))
      const refused = 'error' in outcome || outcome.value.delivery === 'refused'
      check(refused, 'begin() of a stopped agent is refused')
    },
  },
]

/** The task arrives once and unaltered, or is refused: by `create`, which then makes nothing, or by `begin`. */
async function checkTask(t: CaseContext, what: string, text: string): Promise<void> {
  const request = t.world.request({ prompt: text })
  const created = await settle(t.create(request))
  if ('error' in created) {
    check(isOrchError(created.error), `create() with ${what} as its task rejects with an OrchError: ${created.error}`)
    check(!(await foundIds(t)).includes(request.id), `create() that refused ${what} made nothing`)
    return
  }
  const { ref, result } = created.value
  const receipt = result.begun ? result.receipt : await t.backend.begin(ref, t.message(text), t.signal)
  check(receipt !== null, 'whoever gives the task returns a receipt')
  const isRefused = receipt.delivery === 'refused'
  check(!isRefused || isReason(receipt.reason), 'a refusal says why')
  if (!isRefused) await t.rest(ref, text)
  await t.backend.stop(ref, t.signal)
  const received = isRefused ? [] : [text]
  checkEqual(await t.world.received(ref), received, `${what} arrives once and unaltered as a task, or is refused`)
}
