import { COMMANDS } from '../../packages/cli/dist/commands.js'
import {
  DELIVERY_EXIT_CODES,
  ERROR_EXIT_CODES,
  EXIT,
  STATE_EXIT_CODES,
  WAIT_EXIT_CODES,
} from '../../packages/cli/dist/exit-codes.js'
import { KEY_TEXTS } from '../../packages/core/dist/config/describe-keys.js'
import { ERROR_CODES, STATES } from '../../packages/core/dist/index.js'

const STOPPED_EXIT_CODES = [130, 143]

const exitCodes = new Set([
  ...[ERROR_EXIT_CODES, WAIT_EXIT_CODES, DELIVERY_EXIT_CODES, EXIT, STATE_EXIT_CODES].flatMap(Object.values),
  ...STOPPED_EXIT_CODES,
])
const errors = { ...ERROR_CODES, UNEXPECTED: 'An error that orch does not know' }

/** The tables that documents may show, as rows of cells; a document may add columns. */
const TABLES = {
  commands: [...COMMANDS.map(({ name, summary }) => [`\`${name}\``, summary])],
  states: STATES.map((state) => [`\`${state}\``]),
  'configuration keys': Object.entries(KEY_TEXTS).map(([key, { text }]) => [`\`${key}\``, text]),
  'exit codes': [...exitCodes].sort((a, b) => a - b).map((code) => [String(code)]),
  'error codes': Object.entries(errors).map(([code, meaning]) => [
    `\`${code}\``,
    String(ERROR_EXIT_CODES[code]),
    meaning,
  ]),
}

const MARKED = /^<!-- table of ([a-z ]+) -->\n+((?:\|.*\n)+)/gm

/** A table after `<!-- table of NAME -->` has exactly the rows that the code has, whatever their order. */
export function tableProblems(text) {
  return [...text.matchAll(MARKED)].flatMap(([, name, table]) => {
    const expected = TABLES[name]
    if (expected === undefined) return [`there is no table of ${name}`]
    const width = expected[0].length
    const cells = (row) =>
      row
        .slice(1, -1)
        .split('|')
        .slice(0, width)
        .map((cell) => cell.trim())
    const written = table
      .trimEnd()
      .split('\n')
      .slice(2)
      .map((row) => cells(row).join(' | '))
    const wanted = expected.map((row) => row.join(' | '))
    return [
      ...wanted.filter((row) => !written.includes(row)).map((row) => `the table of ${name} lacks: ${row}`),
      ...written.filter((row) => !wanted.includes(row)).map((row) => `the table of ${name} has too much: ${row}`),
    ]
  })
}
