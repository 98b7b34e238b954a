import { Writable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { Unwritable } from '../src/io.ts'
import { createPrinter } from '../src/output.ts'

/** A stream that keeps what each write brought, and takes the next when it is told to. */
function slowStream(): { readonly stream: Writable; readonly writes: string[]; take(error?: Error): void } {
  const writes: string[] = []
  let done: (error?: Error) => void = () => {}
  const stream = new Writable({
    write(chunk, _, callback) {
      writes.push(String(chunk))
      done = callback
    },
  })
  stream.on('error', () => {})
  return { stream, writes, take: (error) => done(error) }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('createPrinter()', () => {
  it('prints pieces that come at once by one write, and a later one at once', async () => {
    const { stream, writes, take } = slowStream()
    const printer = createPrinter(stream)
    for (const piece of ['one\n', '', 'two\n']) await printer.print(piece)
    expect(writes).toEqual([])
    await nextTurn()
    expect(writes).toEqual(['one\ntwo\n'])
    take()
    await printer.print('three\n')
    await nextTurn()
    expect(writes).toEqual(['one\ntwo\n', 'three\n'])
    take()
    await printer.end()
  })

  it('has whoever prints more than fits wait for a slow reader', async () => {
    const { stream, writes, take } = slowStream()
    const printer = createPrinter(stream)
    let printed = 0
    const piece = 'x'.repeat(10_000)
    const work = (async () => {
      for (; printed < 20; printed += 1) await printer.print(piece)
      await printer.end()
    })()
    await nextTurn()
    expect(printed).toBe(6)
    for (let turn = 0; turn < 20; turn += 1) {
      take()
      await nextTurn()
    }
    await work
    expect(writes.join('')).toBe(piece.repeat(20))
    expect(Math.max(...writes.map((text) => text.length))).toBe(70_000)
  })

  it('says at the end that something could not be written, and not before', async () => {
    const { stream, take } = slowStream()
    const printer = createPrinter(stream)
    await printer.print('one\n')
    await nextTurn()
    take(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
    await nextTurn()
    await expect(printer.end()).rejects.toBeInstanceOf(Unwritable)
  })

  it('takes a reader that has gone for none', async () => {
    const { stream, take } = slowStream()
    const printer = createPrinter(stream)
    await printer.print('one\n')
    await nextTurn()
    take(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }))
    await printer.end()
  })
})
