import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AnswerResult, Backend, Item } from '@orch/core'
import { perFile } from '../../../tests/harness/scope.ts'
import { startAgent, type TestAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()
let site: Site
let backend: Backend
beforeAll(async () => {
  site = await openSite(scope, { edit: 'ask', bash: 'allow' })
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
    const prompt = `do \\u005b[write: f | sub]\\u005d it`
    const task = `{"description":"sub task","subagent_type":"general","prompt":"${prompt}"}`
    const agent = await startAgent(backend, site.request(), `[[tool: task | ${task}]] [[answer: after]]`)
    const request = await agent.request()
    expect(request).toMatchObject({ text: `edit: ${path('f')}`, from: expect.stringContaining('sub task') })
    expect(await answer(agent, request.id, 'allow')).toMatchObject({ result: 'answered' })
    await agent.ended()
    expect(exists('f')).toBe(true)
  })

  it('allowed for good is not asked for again', async () => {
    const agent = await startAgent(backend, site.request(), `[[write: g1 | x]] [[write: g2 | x]] [[answer: after]]`)
    await answer(agent, (await agent.request()).id, 'always')
    expect(await agent.ended()).toMatchObject({ how: 'completed' })
    expect(exists('g2')).toBe(true)
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
