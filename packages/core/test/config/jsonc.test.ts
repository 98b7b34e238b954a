import { describe, expect, it } from '@jest/globals'
import { removeFromJsonc, setInJsonc } from '../../src/config/edit-jsonc.ts'
import { parseJsonc } from '../../src/config/jsonc.ts'
import type { JsonValue } from '../../src/json.ts'

describe('parseJsonc()', () => {
  it.each<readonly [string, unknown]>([
    ['{"a": "// no", "b": "/* no */", "c": ",}"}', { a: '// no', b: '/* no */', c: ',}' }],
    ['// one\n{ /* two\n */ "a": 1, // three\n }', { a: 1 }],
    ['{"a": [1, 2,], "b": {"c": "\\"//",},}', { a: [1, 2], b: { c: '"//' } }],
    ['{"a": "\\\\" // "x"\n}', { a: '\\' }],
  ])('reads %j', (text, value) => {
    expect(parseJsonc(text)).toEqual(value)
  })

  it.each(['', '{', '/*', '{,}', '[,]', '{"a":1,,}', '{"a":,}', "{'a': 1}", '{"a": 1} x', '{"a": "\n"}'])(
    'refuses %j',
    (text) => {
      expect(() => parseJsonc(text)).toThrow(SyntaxError)
    },
  )

  it('says where it is wrong in the text that was given', () => {
    expect(() => parseJsonc('{ // a comment\n  "a": 1 /* another */ "b" }')).toThrow(/position 38/)
  })
})

describe('setInJsonc()', () => {
  it.each<readonly [string, string, readonly [readonly string[], JsonValue], string]>([
    ['the first value', '{}\n', [['a'], 1], '{\n  "a": 1\n}\n'],
    [
      'objects on the way',
      '{}',
      [
        ['a', 'b'],
        [1, 'x'],
      ],
      '{\n  "a": {\n    "b": [1, "x"]\n  }\n}',
    ],
    ['below a comment', '{\n  // c\n}\n', [['a'], 'x'], '{\n  // c\n  "a": "x"\n}\n'],
    [
      'before the comment of the next',
      '{\n "a": 1 // one\n // end\n}',
      [['b'], 2],
      '{\n "a": 1, // one\n "b": 2\n // end\n}',
    ],
    ['after a last comma', '{\n  "a": 1, // one\n}', [['b'], 2], '{\n  "a": 1, // one\n  "b": 2,\n}'],
    ['on the one line', '{ "a": 1 }', [['b'], 2], '{ "a": 1, "b": 2 }'],
    ['in tabs', '{\n\t"a": {\n\t\t"x": 1\n\t}\n}', [['a', 'y'], 2], '{\n\t"a": {\n\t\t"x": 1,\n\t\t"y": 2\n\t}\n}'],
    ['with the line ends of Windows', '{\r\n  "a": 1\r\n}\r\n', [['b'], 2], '{\r\n  "a": 1,\r\n  "b": 2\r\n}\r\n'],
    [
      'in place of another',
      '{ /* x */ "a": [1, // ]\n2], "b": 3 } // e',
      [['a'], 'n'],
      '{ /* x */ "a": "n", "b": 3 } // e',
    ],
    ['in place of what is no object', '{ "a": 1 }', [['a', 'b'], 2], '{ "a": {\n  "b": 2\n} }'],
    ['of two with one name the one that counts', '{"a": 1, "a": 2}', [['a'], 3], '{"a": 1, "a": 3}'],
    ['past strings that look like structure', '{"s": "}\\"],{", "a": 1}', [['a'], 2], '{"s": "}\\"],{", "a": 2}'],
  ])('sets %s', (_, text, [path, value], expected) => {
    const after = setInJsonc(text, path, value)
    expect(after).toBe(expected)
    expect(path.reduce((inner, key) => (inner as Record<string, unknown>)[key], parseJsonc(after))).toEqual(value)
    expect(setInJsonc(after, path, value)).toBe(after)
  })

  it('keeps everything else, whatever is set in whatever order', () => {
    const start = '{\n  // the backend\n  "defaultBackend": "x", /* y */\n  "models": { "a": "b" }, // m\n}\n'
    const sets: [string[], JsonValue][] = [
      [['models', 'c'], 'd'],
      [['notify'], ['n']],
      [['backends', 'tmux', 'columns'], 7],
      [['defaultBackend'], 'tmux'],
      [['backends', 'tmux', 'rows'], 8],
    ]
    const end = sets.reduce((text, [path, value]) => setInJsonc(text, path, value), start)
    for (const comment of ['// the backend\n', '/* y */', '// m\n']) expect(end).toContain(comment)
    expect(parseJsonc(end)).toEqual({
      defaultBackend: 'tmux',
      models: { a: 'b', c: 'd' },
      notify: ['n'],
      backends: { tmux: { columns: 7, rows: 8 } },
    })
  })
})

describe('removeFromJsonc()', () => {
  it.each<readonly [string, string, readonly string[], string]>([
    ['the only one', '{\n  "a": 1\n}\n', ['a'], '{\n}\n'],
    ['its line, and the comma before it', '{\n  "a": 1, // one\n  "b": 2\n}', ['b'], '{\n  "a": 1 // one\n}'],
    ['its own comma', '{\n  "a": 1, // one\n  "b": 2,\n}', ['a'], '{\n  // one\n  "b": 2,\n}'],
    ['one of one line', '{ "a": 1, "b": 2 }', ['a'], '{ "b": 2 }'],
    ['the last of one line', '{ "a": 1, "b": 2 }', ['b'], '{ "a": 1 }'],
    ['one below a comment of another', '{ "a": 1, // a, b\n "b": 2 }', ['b'], '{ "a": 1 // a, b\n }'],
    ['a comma on the next line', '{\n  "a": 1 // x\n  , "b": 2\n}', ['a'], '{\n  // x\n   "b": 2\n}'],
    ['the lines of an object', '{\r\n  "a": {\r\n    "x": 1\r\n  },\r\n  "b": 2\r\n}', ['a'], '{\r\n  "b": 2\r\n}'],
    ['an object that is empty then', '{\n  "a": { "x": { "y": 1 } },\n  "b": 2\n}', ['a', 'x', 'y'], '{\n  "b": 2\n}'],
    ['no comment with it', '{ "a": { /* c */ "x": 1 } }', ['a', 'x'], '{ "a": { /* c */ } }'],
    ['all of one name', '{"a": 1, "b": 2, "a": 3}', ['a'], '{"b": 2}'],
    ['nothing that is not there', '{"a": [1]}', ['a', 'x'], '{"a": [1]}'],
  ])('takes out %s', (_, text, path, expected) => {
    const after = removeFromJsonc(text, path)
    expect(after).toBe(expected)
    expect(parseJsonc(after)).toBeDefined()
  })

  it('undoes whatever was set, in whatever order, and loses no comment', () => {
    const start = '{\n  // the backend\n  "a": "x", /* y */\n  "m": { "a": "b" }, // m\n}\n'
    const paths = [['m', 'c'], ['n'], ['o', 'p', 'q'], ['o', 'p', 'r'], ['o', 's']]
    const full = paths.reduce((text, path) => setInJsonc(text, path, 1), start)
    for (const order of [paths, paths.toReversed(), [...paths.slice(2), ...paths.slice(0, 2)]]) {
      const end = order.reduce(removeFromJsonc, full)
      expect(parseJsonc(end)).toEqual({ a: 'x', m: { a: 'b' } })
      for (const comment of ['// the backend\n', '/* y */', '// m\n']) expect(end).toContain(comment)
    }
  })
})
