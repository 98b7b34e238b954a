import type { AgentRef, Item } from '@orch/core'
import { check } from '@orch/core/contract'
import type { ProgramCase, ProgramContext } from '../program-case.ts'
import { idle } from './turns.ts'

/** What it writes down, and how it goes on with that. */
export const conversationCases: readonly ProgramCase[] = [
  {
    id: 'transcript-says-who-said-what',
    requires: ['turns', 'transcript'],
    sends: true,
    because: 'a screen shows what fits on it: the conversation is what was said and by whom',
    async run(t) {
      const agent = await idle(t)
      const text = t.place.prompts.answer('heard and said')
      await t.send(agent, text)
      await t.rest(agent, text)
      await t.eventually('a message and its answer, each by who said it', async () => {
        const all = await items(t, agent)
        const asked = all.findLastIndex((item) => item.role === 'user' && item.text === text)
        const said = asked < 0 ? undefined : all[asked + 1]
        return (said?.role === 'assistant' && said.text?.includes('heard and said')) || undefined
      })
    },
  },
  {
    id: 'resume-goes-on-with-the-conversation',
    requires: ['turns', 'transcript', 'resume'],
    because: 'a program that crashed must not cost what was worked out in a long conversation',
    async run(t) {
      const prompt = t.place.prompts.answer('before the end')
      const request = t.place.request({ prompt })
      const { ref, result } = await t.create(request)
      if (!result.begun) await t.backend.begin(ref, t.message(prompt), t.signal)
      await t.rest(ref, prompt)
      const hasSaid = async (): Promise<true | undefined> => (await saysBefore(t, ref)) || undefined
      await t.eventually('what it said in its transcript', hasSaid)
      await t.place.crash(ref)
      const { handle } = (await t.backend.resume?.(ref, request, t.signal)) ?? { handle: null }
      const again = t.adopt({ ...ref, handle })
      const text = t.place.prompts.answer('after it')
      await t.eventually('a message that the resumed program takes', async () => {
        const { delivery } = await t.send(again, text)
        return delivery === 'confirmed' || undefined
      })
      await t.rest(again, text)
      check(await saysBefore(t, again), 'what it said before is still in its transcript')
    },
  },
]

async function saysBefore(t: ProgramContext, agent: AgentRef): Promise<boolean> {
  return (await items(t, agent)).some(({ role, text }) => role === 'assistant' && text?.includes('before the end'))
}

async function items({ backend, signal }: ProgramContext, agent: AgentRef): Promise<readonly Item[]> {
  const query = { last: 50, before: null, raw: false }
  return (await backend.read(agent, query, signal)).items.filter(({ kind }) => kind === 'message')
}
