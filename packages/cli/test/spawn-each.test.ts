import { afterEach, describe, expect, it } from '@jest/globals'
import type { SpawnEachDocument } from '@orch/core'
import { command } from '../src/commands/spawn.ts'
import { readTaskLines } from '../src/spawn/task-lines.ts'
import { callOrch } from './harness/call-orch.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place | undefined
afterEach(() => {
  place?.remove()
  place = undefined
})

describe('readTaskLines()', () => {
  it('takes each line as a task, as it stands or as an object, without blank lines and comments', () => {
    const text = [
      '\uFEFF# what is left',
      '',
      '  Fix "it" — #1  ',
      '{"task": "Test it", "name": "tests", "maxParallel": 2, "after": "fix", "label": ["a=b"], "worktree": true}',
      '{"task": "Say it", "max-parallel": 1, "deliverable": "x.md"}',
    ].join('\r\n')
    expect(readTaskLines(text, 'tasks.txt', command.options)).toEqual([
      { place: 'line 3 of "tasks.txt"', task: 'Fix "it" — #1', args: {} },
      {
        place: 'line 4 of "tasks.txt"',
        task: 'Test it',
        args: { name: 'tests', maxParallel: 2, after: ['fix'], label: ['a=b'], worktree: true },
      },
      { place: 'line 5 of "tasks.txt"', task: 'Say it', args: { maxParallel: 1, deliverable: ['x.md'] } },
    ])
  })

  it.each([
    ['{"task": "x"', 'must be a JSON object'],
    ['{"name": "x"}', 'its "task" is missing'],
    ['{"task": 7}', 'its "task" is missing, empty or no text'],
    ['{"task": "x", "nmae": "y"}', '"nmae" is no option of one task'],
    ['{"task": "x", "json": true}', '"json" is no option of one task'],
    ['{"task": "x", "wait": true}', '"wait" is no option of one task'],
    ['{"task": "x", "__proto__": {}}', '"__proto__" is no option of one task'],
    ['{"task": "x", "name": 7}', '"name" is not text'],
    ['{"task": "x", "name": ""}', '"name" is not text'],
    ['{"task": "x", "maxParallel": "7"}', '"maxParallel" is not a number'],
    ['{"task": "x", "worktree": "yes"}', '"worktree" is not true or false'],
    ['{"task": "x", "after": [1]}', '"after" is not a list of text'],
  ])('refuses %s, naming the line', (line, text) => {
    expect(() => readTaskLines(`one\n${line}`, '-', command.options)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(/ \(line 2 of stdin\)$/) }),
    )
    expect(() => readTaskLines(line, '-', command.options)).toThrow(text)
  })
})

describe('spawn --each', () => {
  it('prints exactly the ids, in the order of the lines; with a key the same file spawns nothing twice, and a new line does', async () => {
    place = createPlace()
    const file = place.write('tasks.txt', 'One [[hang: a]]\n{"task": "Two [[hang: b]]", "name": "two"}\n')
    const words = ['spawn', '--each', file, '--key', 'batch', '--max-parallel', '1']
    const first = await callOrch(place, words)
    expect(first).toEqual({ code: 0, stdout: expect.stringMatching(/^one-\S+\ntwo-\S{4}\n$/), stderr: '' })
    place.write(
      'tasks.txt',
      'Zero [[hang: a]]\nOne [[hang: a]]\nOne [[hang: a]]\n{"task": "Two [[hang: b]]", "name": "two"}\n',
    )
    const again = await callOrch(place, [...words, '--json'])
    const { results } = JSON.parse(again.stdout) as SpawnEachDocument
    expect(results.map(({ created }) => created)).toEqual([true, false, true, false])
    expect([1, 3].map((index) => results[index]?.agent.id)).toEqual(first.stdout.trim().split('\n'))
    expect(results.map(({ agent }) => agent.state)).toEqual(['queued', 'working', 'queued', 'queued'])
  })

  it('reads stdin, lays what a line says over the command line, and waits for the answers', async () => {
    place = createPlace()
    const lines = '{"task": "a [[answer: first]]", "label": "x=1"}\n{"task": "b [[error: no]]", "model": "other"}\n'
    const words = ['spawn', '--each', '-', '--label', 'batch=1', '--model', 'small', '--wait', '--json']
    const { code, stdout } = await callOrch(place, words, { stdin: lines })
    const { results } = JSON.parse(stdout) as SpawnEachDocument
    expect([code, results.map(({ outcome, answer }) => [outcome, answer?.text])]).toEqual([
      20,
      [
        ['met', 'first'],
        ['failed', undefined],
      ],
    ])
    expect(results.map(({ agent }) => [agent.labels, agent.model])).toEqual([
      [{ batch: '1', x: '1' }, 'small'],
      [{ batch: '1' }, 'other'],
    ])
  })

  it.each([
    [['--each', 'tasks.txt', 'another'], 'another task, or a number, is given beside it'],
    [['--each', 'tasks.txt', '--file', 'x'], 'another task, or a number, is given beside it'],
    [['--each', 'tasks.txt', '-n', '2'], 'another task, or a number, is given beside it'],
    [['--each', 'empty.txt'], 'holds no task'],
    [['--each', 'nowhere.txt'], 'the file is not readable'],
    [['-n', '0', 'x'], '"0" is not a whole number from 1 to 1000'],
    [['--each', 'bad.txt'], 'Cannot use "--after :idle": it names no agent (line 2 of "'],
    [['--each', 'name.txt'], 'it cannot be part of an id (line 1 of "'],
  ])('%j makes nothing and says %j', async (words, message) => {
    place = createPlace()
    place.write('tasks.txt', 'one\n')
    place.write('empty.txt', '\n# nothing\n')
    place.write('bad.txt', 'one\n{"task": "x", "after": ":idle"}\n')
    place.write('name.txt', '{"task": "x", "name": "A B"}\n')
    const project = place.project
    const named = words.map((word) => (word.endsWith('.txt') ? `${project}/${word}` : word))
    const { code, stdout, stderr } = await callOrch(place, ['spawn', ...named])
    expect([code > 0, stdout]).toEqual([true, ''])
    expect(stderr).toContain(message)
    const { stdout: list } = await callOrch(place, ['status', '--json'])
    expect(JSON.parse(list).agents).toEqual([])
  })
})

describe('spawn -n', () => {
  it('starts the same task so many times, each with a key of its own', async () => {
    place = createPlace()
    const words = ['spawn', 'Same [[hang: a]]', '-n', '3', '--key', 'k']
    const first = await callOrch(place, words)
    expect(first.stdout.trim().split('\n')).toHaveLength(3)
    expect(await callOrch(place, words)).toMatchObject({ code: 0, stdout: first.stdout })
  })
})
