import { describe, expect, it } from '@jest/globals'
import { createFrame } from '../src/frame.ts'

const shown = (text: string): string => text.replaceAll('\x1b', '<')

describe('createFrame()', () => {
  it('draws each text in the place of the one before, and leaves no mode behind', () => {
    const frame = createFrame({ columns: 10, rows: 10 })
    expect(shown(frame('a\nb\n'))).toBe('<[?7l<[Ja<[K\nb<[K\n<[?7h')
    expect(shown(frame('c\n'))).toBe('<[?7l<[2A\r<[Jc<[K\n<[?7h')
    expect(shown(frame('d'))).toBe('<[?7l<[1A\r<[Jd<[K\n<[?7h')
  })

  it('keeps within the rows of the terminal, and says what it left out', () => {
    const frame = createFrame({ columns: 10, rows: 4 })
    expect(shown(frame('1\n2\n3\n4\n5\n'))).toContain('1<[K\n2<[K\n… 3 more lines<[K\n<[?7h')
    expect(shown(frame('x'))).toContain('<[3A\r')
  })

  it('knows that a terminal which became narrower has wrapped its lines', () => {
    const terminal = { columns: 10, rows: 10 }
    const frame = createFrame(terminal)
    frame('\x1b[1m12345678\x1b[0m\nab\n')
    terminal.columns = 4
    expect(shown(frame('x'))).toContain('<[3A')
  })
})
