import { beforeAll, describe, expect, it } from '@jest/globals'
import type { TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import type { OrchProcess } from '../harness/orch.ts'
import { perFile } from '../harness/scope.ts'
import { changedEvents, type Then } from '../harness/spoils.ts'
import { type Lane, openLane, openTarget } from './support/lane.ts'

const scope = perFile()
let lane: Lane

beforeAll(async () => {
  lane = await openLane(scope, await openTarget(scope))
})

type Change = (event: string) => readonly (string | Then)[]

const isOf = (event: string, word: string): boolean => event.includes(`"delta":" ${word}"`)

/** Once, at the first event that brings this word. */
function atWord(word: string, instead: (event: string) => readonly (string | Then)[]): Change {
  let isDone = false
  return (event) => {
    if (isDone || !isOf(event, word)) return [event]
    isDone = true
    return instead(event)
  }
}

/** What brings this word comes only after an event that `matches`. */
function heldBack(word: string, matches: (event: string) => boolean): Change {
  let held: string[] = []
  return (event) => {
    if (isOf(event, word)) {
      held = [event]
      return []
    }
    const all = matches(event) ? [event, ...held] : [event]
    if (matches(event)) held = []
    return all
  }
}

interface Case {
  name: string
  /** Made anew for each stream. Those that follow the first pass unchanged where `once` says so. */
  change(): Change
  once?: true
  /** Codes of the gaps that must be told. */
  gaps: readonly string[]
  /** How often a person sees each word of what came while it was followed; `null` when it was garbled and is shown again. */
  times: 1 | null
}

const CASES: readonly Case[] = [
  {
    name: 'is cut inside an event',
    change: () => atWord('foxtrot', (event) => [event.slice(0, event.length / 2), 'break']),
    once: true,
    gaps: ['DISCONNECTED', 'RECONNECTED'],
    times: 1,
  },
  {
    name: 'ends inside an event',
    change: () => atWord('foxtrot', (event) => [event.slice(0, event.length / 2), 'end']),
    once: true,
    gaps: ['DISCONNECTED', 'RECONNECTED'],
    times: 1,
  },
  // Its greeting too.
  { name: 'brings every event twice', change: () => (event) => [event, event], gaps: [], times: 1 },
  {
    name: 'brings broken events between the others',
    change: () => (event) => ['data: {"payload": {"type\n\n', 'data:\n\n', ': note\n\n', event],
    gaps: [],
    times: 1,
  },
  {
    name: 'brings words in another order',
    change: () => heldBack('foxtrot', (event) => isOf(event, 'golf')),
    gaps: ['OUT_OF_ORDER'],
    times: null,
  },
  {
    name: 'brings the last word after the end of the turn',
    change: () => heldBack('hotel', (event) => event.includes('"type":"session.idle"')),
    gaps: [],
    times: 1,
  },
  {
    name: 'falls silent and stays open',
    change: () => atWord('foxtrot', () => ['silence']),
    once: true,
    gaps: ['DISCONNECTED', 'RECONNECTED'],
    times: 1,
  },
]

const WORDS = ['echo', 'foxtrot', 'golf', 'hotel']

describe('tail -f over a stream of events that', () => {
  it.each(CASES)('$name tells the whole text, nothing finished twice, and each gap', async (one) => {
    const { place, proxy, target } = lane
    const gate = `stream-${CASES.indexOf(one)}`
    const text = WORDS.join(' ')
    const id = await place.spawn(`Say it [[hold: ${gate}]] [[answer: ${text}]]`, '--name', gate)
    await eventually(() => target.model.waiting().includes(gate), { timeoutMs: 60_000 })
    let streams = 0
    proxy.intercept(({ path }) => {
      if (path !== '/global/event') return 'pass'
      streams += 1
      return one.once && streams > 2 ? 'pass' : { spoil: changedEvents(one.change()) }
    })
    const json = await place.start('tail', '-f', '--json', id)
    const page = await place.start('tail', '-f', id)
    await eventually(() => isFollowing(json) && page.stdout().includes('-- working'), { timeoutMs: 60_000 })
    const before = page.stdout().length
    target.model.release(gate)
    const isTold = (): boolean => linesOf(json).some((line) => line.type === 'item' && line.item.text?.endsWith(text))
    const isIdle = (): boolean => json.stdout().includes('"state":"idle"') && page.stdout().includes('-- idle')
    const haveGaps = (): boolean => one.gaps.every((code) => json.stdout().includes(`"code":"${code}"`))
    await eventually(() => isTold() && isIdle() && haveGaps(), { timeoutMs: 60_000, what: 'the end of the turn' })
    proxy.intercept()
    expect(gapsOf(json)).toEqual(one.gaps)
    expect(wholeTexts(json)).toContain(text)
    expect(finishedTwice(json)).toEqual([])
    const shown = page.stdout().slice(before)
    const times = WORDS.map((word) => shown.split(word).length - 1)
    if (one.times !== null) expect([times, shown]).toEqual([WORDS.map(() => one.times), shown])
    else expect(shown).toContain(text)
    expect(shown.includes('something may be missing')).toBe(one.gaps.length > 0)
    for (const process of [json, page]) process.kill('SIGTERM')
    expect((await json.result()).code).toBe(143)
  })

  it('ends with its server goes on with the next server: a turn that was cut off is idle, the next one is told', async () => {
    const { place, target } = lane
    const id = await place.spawn('Say it [[answer: begun]] [[hold: killed]]', '--name', 'killed')
    await eventually(() => target.model.waiting().includes('killed'), { timeoutMs: 60_000 })
    const json = await place.start('tail', '-f', '--json', id)
    await eventually(() => isFollowing(json), { timeoutMs: 60_000 })
    await target.server().kill()
    await eventually(() => gapsOf(json).includes('DISCONNECTED'), { timeoutMs: 60_000 })
    await target.startAgain()
    await eventually(() => gapsOf(json).includes('RECONNECTED') && json.stdout().includes('"state":"idle"'), {
      timeoutMs: 60_000,
    })
    expect(await place.orch('send', id, 'Go on [[answer: india]]')).toMatchObject({ code: 0 })
    await eventually(() => wholeTexts(json).includes('india'), { timeoutMs: 60_000 })
    expect(finishedTwice(json)).toEqual([])
  })
})

const linesOf = (process: OrchProcess): TailLine[] => process.lines<TailLine & Record<string, unknown>>()

function isFollowing(process: OrchProcess): boolean {
  return linesOf(process).some((line) => line.type === 'state' && line.state === 'working')
}

function gapsOf(process: OrchProcess): string[] {
  return linesOf(process).flatMap((line) => (line.type === 'gap' ? [line.reason.code] : []))
}

/** The text of each finished item, as its last line has it. */
function wholeTexts(process: OrchProcess): (string | null)[] {
  return linesOf(process).flatMap((line) => (line.type === 'item' && line.item.final ? [line.item.text] : []))
}

function finishedTwice(process: OrchProcess): string[] {
  const ids = linesOf(process).flatMap((line) => (line.type === 'item' && line.item.final ? [line.item.id] : []))
  return ids.filter((id, index) => ids.indexOf(id) !== index)
}
