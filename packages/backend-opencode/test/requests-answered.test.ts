import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AnswerResult, Backend, Item } from '@orch/core'
import { perFile } from '../../../tests/harness/scope.ts'
import { subagent as call } from '../../../tests/scripted-model/subagent.ts'
import { startAgent, type TestAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()
let site: Site
let backend: Backend
beforeAll(async () => {
  site = await openSite(scope, { edit: 'ask', bash: 'allow', task: 'allow' }, { subagent_depth: 2 })
  backend = site.open()
})

function answer(
  agent: TestAgent,
  requestId: string,
  choice: string | null,
  text: string | null = null,
): Promise<AnswerResult> {
  if (backend.answer === undefined) throw new Error('Cannot answer: there is no answer()')
  return backend.answer(agent.ref(), { requestId, choice, text }, signal)
}

async function items(agent: TestAgent): Promise<readonly Item[]> {
  return (await backend.read(agent.ref(), { last: 100, before: null, raw: false }, signal)).items
}

const write = (name: string): string => `[[write: ${name} | content]] [[answer: after]]`
const subagent = (prompt: string): string => `${call(prompt)} [[answer: after]]`
const path = (name: string): string => join(site.environment.directory, name)
const exists = (name: string): boolean => existsSync(path(name))

describe('a permission', () => {
  it('allowed once lets this change happen and asks again for the next', async () => {
    const agent = await startAgent(backend, site.request(), `[[write: a1 | one]] [[write: a2 | two]] [[answer: after]]`)
    const request = await agent.request()
    expect(request).toMatchObject({ kind: 'permission', text: `edit: ${path('a1')}`, from: null })
    expect(request.detail).toMatchObject({ diff: expect.stringContaining('+one') })
    expect(Math.abs(Date.now() - Date.parse(request.since ?? ''))).toBeLessThan(10_000)
    expect(exists('a1')).toBe(false)
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'answered' })
    const next = await agent.request()
    expect(next.text).toBe(`edit: ${path('a2')}`)
    expect(exists('a1')).toBe(true)
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'already' })
    await answer(agent, next.id, 'allow')
    expect(await agent.ended()).toMatchObject({ how: 'completed' })
    expect(readFileSync(path('a2'), 'utf8')).toBe('two')
  })

  it('denied ends the turn as interrupted, with the reason, and changes nothing', async () => {
    const agent = await startAgent(backend, site.request(), write('b'))
    const request = await agent.request()
    await answer(agent, request.id, 'deny')
    expect(await agent.ended()).toMatchObject({ how: 'interrupted', reason: { code: 'DENIED' } })
    expect(exists('b')).toBe(false)
    expect(await answer(agent, request.id, 'deny')).toMatchObject({ result: 'already' })
  })

  it('answered with text is denied with that text, and the turn goes on', async () => {
    const agent = await startAgent(backend, site.request(), write('c'))
    await answer(agent, (await agent.request()).id, null, 'Use another name')
    expect(await agent.ended()).toMatchObject({ how: 'completed' })
    const tool = (await items(agent)).flatMap((item) => item.tool ?? [])[0]
    expect(tool).toMatchObject({ status: 'error', output: expect.stringContaining('Use another name') })
    expect(exists('c')).toBe(false)
  })

  it('of a turn that was interrupted is gone', async () => {
    const agent = await startAgent(backend, site.request(), write('d'))
    const request = await agent.request()
    expect(await backend.interrupt?.(agent.ref(), signal)).toMatchObject({ interrupted: true })
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'gone' })
    expect(await site.call('/permission')).toEqual([])
    expect(exists('d')).toBe(false)
  })

  it('does not take a choice it does not offer, and stays open', async () => {
    const agent = await startAgent(backend, site.request(), write('e'))
    const { id } = await agent.request()
    await expect(answer(agent, id, 'perhaps')).rejects.toMatchObject({
      code: 'CHOICE_UNKNOWN',
      hint: 'Choose one of "allow", "always", "deny"',
    })
    const other = await startAgent(backend, site.request(), '[[answer: other]]')
    await expect(answer(other, id, 'allow')).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' })
    expect((await agent.request()).id).toBe(id)
    await backend.stop(agent.ref(), signal)
    expect(await site.call('/permission')).toEqual([])
  })

  it('of a subagent is shown with its name and answered through its agent', async () => {
    const agent = await startAgent(backend, site.request(), subagent(write('f')))
    const request = await agent.request()
    expect(request).toMatchObject({ text: `edit: ${path('f')}`, from: expect.stringContaining('sub task') })
    expect(request.detail).toMatchObject({ diff: expect.stringContaining('+content') })
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'answered' })
    await agent.ended()
    expect(exists('f')).toBe(true)
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'already' })
  })

  it('of a subagent of a subagent is answered through its agent, and is gone when that one is interrupted', async () => {
    const agent = await startAgent(backend, site.request(), subagent(subagent(`${write('h1')} ${write('h2')}`)))
    const request = await agent.request()
    expect(request).toMatchObject({ text: `edit: ${path('h1')}`, from: expect.stringContaining('sub task') })
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'answered' })
    const next = await agent.request()
    expect(exists('h1')).toBe(true)
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'already' })
    await backend.interrupt?.(agent.ref(), signal)
    expect(await answer(agent, next.id, 'allow')).toMatchObject({ result: 'gone' })
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'already' })
    expect(exists('h2')).toBe(false)
  })

  it('allowed for good is not asked for again from the next turn on, and no other agent may do it', async () => {
    const other = await startAgent(backend, site.request(), '[[answer: ready]]')
    await other.ended()
    const agent = await startAgent(backend, site.request(), `[[write: g1 | x]] [[write: g2 | x]] [[answer: after]]`)
    const request = await agent.request()
    expect(request.choices.map(({ label }) => label)[1]).toMatch(
      /^Allow edit \* for this agent .* from its next turn on/,
    )
    const { evidence } = await answer(agent, request.id, 'always')
    expect(evidence.map(({ detail }) => detail).at(-1)).toMatch(/^the rules of "ses_\w+" allow edit \*$/)
    const again = await agent.request()
    expect(again.text).toBe(`edit: ${path('g2')}`)
    await answer(agent, again.id, 'allow')
    await agent.ended()
    await agent.send(`[[write: g3 | x]] [[answer: after]]`)
    expect(await agent.ended()).toMatchObject({ how: 'completed' })
    expect(exists('g3')).toBe(true)
    await other.send(write('g4'))
    expect((await other.request()).text).toBe(`edit: ${path('g4')}`)
    await backend.stop(other.ref(), signal)
  })

  it('for a folder, allowed for good to a subagent, is not asked for by the next subagent in the same turn', async () => {
    const read = (file: string): string => `[[tool: read | {"filePath":"${file}"}]] [[answer: read]]`
    const first = call(read('/etc/hostname'))
    const agent = await startAgent(backend, site.request(), `${first} ${subagent(read('/etc/hosts'))}`)
    const request = await agent.request()
    expect(request).toMatchObject({ text: 'external_directory: /etc/*', detail: { filepath: '/etc/hostname' } })
    expect(request.choices.map(({ label }) => label)[1]).toContain('subagents it starts from now on do not ask')
    expect(await answer(agent, request.id, 'always')).toMatchObject({ result: 'answered' })
    expect(await agent.ended()).toMatchObject({ how: 'completed' })
  })
})

describe('a request of a server that was killed', () => {
  it('is gone, also while the next turn runs; one that was answered before stays answered', async () => {
    const agent = await startAgent(backend, site.request(), `[[write: i1 | x]] [[write: i2 | x]] [[answer: after]]`)
    const first = await agent.request()
    await answer(agent, first.id, 'allow')
    const second = await agent.request()
    await site.killServer()
    expect(await answer(agent, second.id, 'allow')).toMatchObject({ result: 'gone' })
    await agent.send('Go on [[write: i3 | x]]')
    expect((await agent.request()).text).toBe(`edit: ${path('i3')}`)
    expect(await answer(agent, second.id, 'allow')).toMatchObject({ result: 'gone' })
    expect(await answer(agent, first.id, 'allow')).toMatchObject({ result: 'already' })
    expect(exists('i2')).toBe(false)
    await backend.stop(agent.ref(), signal)
  })
})

describe('a question', () => {
  const question = '[[question: Which colour? | red | blue]] [[answer: thanks]]'

  it('takes one of its labels', async () => {
    const agent = await startAgent(backend, site.request(), question)
    const request = await agent.request()
    expect(request).toMatchObject({ kind: 'question', text: 'Which colour?' })
    expect(request.choices.map(({ id }) => id)).toEqual(['red', 'blue'])
    expect(await answer(agent, request.id, 'blue')).toMatchObject({ result: 'answered' })
    await agent.ended()
    const tool = (await items(agent)).flatMap((item) => item.tool ?? [])[0]
    expect(tool).toMatchObject({ name: 'question', status: 'completed', output: expect.stringContaining('"blue"') })
    expect(await answer(agent, request.id, 'red')).toMatchObject({ result: 'already' })
  })

  it('takes any text', async () => {
    const agent = await startAgent(backend, site.request(), question)
    await answer(agent, (await agent.request()).id, null, 'green, with dots')
    await agent.ended()
    const tool = (await items(agent)).flatMap((item) => item.tool ?? [])[0]
    expect(tool?.output).toContain('green, with dots')
  })

  it('does not take another label as a choice', async () => {
    const agent = await startAgent(backend, site.request(), question)
    await expect(answer(agent, (await agent.request()).id, 'green')).rejects.toMatchObject({ code: 'CHOICE_UNKNOWN' })
    await backend.stop(agent.ref(), signal)
  })

  it('of several parts takes one line each', async () => {
    const questions = ['Which colour?', 'How many?'].map((text) => ({
      question: text,
      header: text,
      options: [{ label: 'x', description: 'y' }],
    }))
    const json = JSON.stringify({ questions }).replaceAll(']]', '] ]')
    const agent = await startAgent(backend, site.request(), `[[tool: question | ${json}]] [[answer: thanks]]`)
    const request = await agent.request()
    expect(request).toMatchObject({ text: 'Which colour?\nHow many?', choices: [] })
    await expect(answer(agent, request.id, null, 'only one')).rejects.toMatchObject({ code: 'CHOICE_UNKNOWN' })
    await answer(agent, request.id, null, 'red\nseven')
    await agent.ended()
    const tool = (await items(agent)).flatMap((item) => item.tool ?? [])[0]
    expect(tool?.output).toMatch(/red.*seven/s)
  })
})
